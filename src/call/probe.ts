import type { PricedEndpoint } from '../routing/plan-route.ts'
import { ceilingOf, estimateOf } from '../pricing/ceiling.ts'
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
  const { catalog, upstreams, marginBps } = dependencies
  const bounds = { inputBoundTokens: USUAL_INPUT_BYTES, outputCap: USUAL_OUTPUT_CAP, choices: 1 }
  const offered = catalog.endpoints.filter(
    (endpoint): endpoint is PricedEndpoint =>
      endpoint.prices !== undefined && upstreams.isReachable(endpoint.providerId),
  )
  const priced = offered
    .map(({ prices }) => ({ prices, ceilingPicoUsd: ceilingOf({ candidates: [prices], bounds, marginBps }) }))
    .filter(({ ceilingPicoUsd }) => ceilingPicoUsd > 0n)
    .toSorted((a, b) => (a.ceilingPicoUsd < b.ceilingPicoUsd ? -1 : 1))
  const cheapest = priced[0]
  return {
    requestHash,
    priceBook: catalog.priceBook,
    outputCap: USUAL_OUTPUT_CAP,
    ceilingPicoUsd: maxBigint(cheapest?.ceilingPicoUsd ?? 0n, 1n),
    estimatePicoUsd: cheapest ? estimateOf({ candidates: [cheapest.prices], bounds, marginBps }) : 1n,
  }
}
