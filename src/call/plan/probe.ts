import { isPriced } from '../../catalog/blended-price.ts'
import type { ModelKind } from '../../catalog/types.ts'
import { ceilingOf, estimateOf } from '../../pricing/ceiling.ts'
import { marginOf } from '../../pricing/margin.ts'
import type { CallDependencies } from '../dependencies.ts'
import type { Priced } from './demand.ts'

export type ProbeDependencies = Pick<CallDependencies, 'catalog' | 'marginBps'> & {
  readonly upstreams: Pick<CallDependencies['upstreams'], 'isReachable'>
}

/** A call of usual size, to have a price to show to somebody who has not said what to ask. */
const USUAL_INPUT_BYTES = 2_048
const USUAL_OUTPUT_CAP = 1_024

/**
 * The default quote of a paid route, for probes: a call of usual size to the cheapest model with a price. Its request hash is
 * that of the empty probe, so no call can be bought with it.
 *
 * @param kind of what is sold there.
 */
export function priceProbe({
  requestHash,
  kind = 'chat',
  dependencies,
}: {
  requestHash: string
  kind?: ModelKind | undefined
  dependencies: ProbeDependencies
}): Priced {
  const { catalog } = dependencies
  const { outputCap, ceilingPicoUsd, estimatePicoUsd } = usualCall({ kind, dependencies })
  return { requestHash, priceBook: catalog.priceBook, outputCap, ceilingPicoUsd, estimatePicoUsd }
}

type UsualCall = Pick<Priced, 'outputCap' | 'ceilingPicoUsd' | 'estimatePicoUsd'>

/** What there is and what can be reached do not change while a server runs: looked for once, not once a probe. */
const known = new WeakMap<object, Map<ModelKind, UsualCall>>()

function usualCall(asked: { kind: ModelKind; dependencies: ProbeDependencies }): UsualCall {
  const { kind, dependencies } = asked
  const byKind = known.get(dependencies.upstreams) ?? new Map<ModelKind, UsualCall>()
  known.set(dependencies.upstreams, byKind)
  const found = byKind.get(kind) ?? cheapestCall(asked)
  byKind.set(kind, found)
  return found
}

function cheapestCall({
  kind,
  dependencies,
}: {
  kind: ModelKind
  dependencies: ProbeDependencies
}): UsualCall {
  const { catalog, upstreams } = dependencies
  // Embeddings have no output.
  const outputCap = kind === 'embedding' ? 0 : USUAL_OUTPUT_CAP
  const bounds = { inputBoundTokens: USUAL_INPUT_BYTES, outputCap, choices: 1 }
  const offered = catalog.endpoints.filter(isPriced).filter(({ providerId, modelId }) => {
    return catalog.models.get(modelId)?.kind === kind && upstreams.isReachable(providerId)
  })
  const [cheapest] = offered
    .map((endpoint) => {
      const { prices } = endpoint
      const marginBps = marginOf({ endpoint, marginBps: dependencies.marginBps })
      return { prices, marginBps, ceilingPicoUsd: ceilingOf({ candidates: [prices], bounds, marginBps }) }
    })
    .filter(({ ceilingPicoUsd }) => ceilingPicoUsd > 0n)
    .toSorted((a, b) => (a.ceilingPicoUsd < b.ceilingPicoUsd ? -1 : 1))
  if (!cheapest) return { outputCap, ceilingPicoUsd: 1n, estimatePicoUsd: 1n }
  const { prices, marginBps, ceilingPicoUsd } = cheapest
  return {
    outputCap,
    ceilingPicoUsd,
    estimatePicoUsd: estimateOf({ candidates: [prices], bounds, marginBps }),
  }
}
