import { isPriced } from '../catalog/blended-price.ts'
import { ceilingOf, estimateOf } from '../pricing/ceiling.ts'
import { marginOf } from '../pricing/margin.ts'
import { maxBigint } from '../lib/money.ts'
import type { CallDependencies } from './dependencies.ts'
import type { Priced } from './demand.ts'

/** A call of usual size, to have a price to show to somebody who has not said what to ask. */
const USUAL_INPUT_BYTES = 2_048
const USUAL_OUTPUT_CAP = 1_024

/**
 * The default quote of a paid route, for probes: a call of usual size to the cheapest model with a price. Its request hash is
 * that of the empty probe, so no call can be bought with it.
 */
export function priceProbe({
  requestHash,
  dependencies,
}: {
  requestHash: string
  dependencies: CallDependencies
}): Priced {
  const { catalog, upstreams } = dependencies
  const bounds = { inputBoundTokens: USUAL_INPUT_BYTES, outputCap: USUAL_OUTPUT_CAP, choices: 1 }
  const offered = catalog.endpoints.filter(isPriced).filter(({ providerId, modelId }) => {
    const kind = catalog.models.get(modelId)?.kind
    return kind === 'chat' && upstreams.isReachable(providerId)
  })
  const priced = offered
    .map((endpoint) => {
      const { prices } = endpoint
      const marginBps = marginOf({ endpoint, marginBps: dependencies.marginBps })
      const ceilingPicoUsd = ceilingOf({ candidates: [prices], bounds, marginBps })
      return { prices, marginBps, ceilingPicoUsd }
    })
    .filter(({ ceilingPicoUsd }) => ceilingPicoUsd > 0n)
    .toSorted((a, b) => (a.ceilingPicoUsd < b.ceilingPicoUsd ? -1 : 1))
  const cheapest = priced[0]
  return {
    requestHash,
    priceBook: catalog.priceBook,
    outputCap: USUAL_OUTPUT_CAP,
    ceilingPicoUsd: maxBigint(cheapest?.ceilingPicoUsd ?? 0n, 1n),
    estimatePicoUsd: cheapest
      ? estimateOf({ candidates: [cheapest.prices], bounds, marginBps: cheapest.marginBps })
      : 1n,
  }
}
