import { isPriced } from '../../catalog/blended-price.ts'
import type { ModelKind } from '../../catalog/types.ts'
import { maxBigint, minBigint, type PicoUsd } from '../../lib/money.ts'
import { ceilingOf } from '../../pricing/ceiling.ts'
import { marginOf } from '../../pricing/margin.ts'
import type { ProbeDependencies } from './probe.ts'

/** The shortest request that makes sense: a word and what a dialect adds around it. */
const SHORTEST_INPUT = 73

/**
 * Between what ceilings the price of one answer lies: from a word to the cheapest model with a price, to the dearest model of known size with
 * its context filled. Before settlement fees.
 */
export function priceRange({
  kind,
  dependencies: { catalog, upstreams, marginBps: usual },
}: {
  kind: ModelKind
  dependencies: ProbeDependencies
}): { readonly minPicoUsd: PicoUsd; readonly maxPicoUsd: PicoUsd } {
  const ceilings = catalog.endpoints.filter(isPriced).flatMap((endpoint) => {
    const model = catalog.models.get(endpoint.modelId)
    if (model?.kind !== kind || !upstreams.isReachable(endpoint.providerId)) return []
    const ceiling = (inputBoundTokens: number, outputCap: number) =>
      ceilingOf({
        candidates: [endpoint.prices],
        bounds: {
          inputBoundTokens,
          outputCap: kind === 'embedding' ? 0 : outputCap,
          choices: 1,
          hasAudio: true,
        },
        marginBps: marginOf({ endpoint, marginBps: usual }),
      })
    const shortest = ceiling(SHORTEST_INPUT, 1)
    if (shortest === 0n) return []
    const { contextTokens: context, maxOutputTokens: output } = model
    if (context === 'unknown') return [{ shortest, longest: shortest }]
    return [{ shortest, longest: ceiling(context, output === 'unknown' ? context : output) }]
  })
  const [first] = ceilings
  return {
    minPicoUsd: ceilings.map(({ shortest }) => shortest).reduce(minBigint, first?.shortest ?? 0n),
    maxPicoUsd: ceilings.map(({ longest }) => longest).reduce(maxBigint, 0n),
  }
}
