import type { Row } from './table/endpoint-row.ts'
import type { CallSite } from './feedback/call-site-view.ts'
import { type Exploration, explore, isDrawn } from './feedback/explore.ts'
import type { Ranked } from './ranking/rank-candidates.ts'
import type { Strategy } from './overrides/strategies.ts'

/** Whether none of its prices, on top of what we add, is above the other's: then no ceiling rises by it. */
function isNowhereDearer(one: Row, other: Row): boolean {
  return (
    one.ownMarginBps === other.ownMarginBps &&
    one.dearestInputPicoUsd <= other.dearestInputPicoUsd &&
    one.dearestOutputPicoUsd <= other.dearestOutputPicoUsd
  )
}

/**
 * The candidates with another model at their head where this call is one to learn by. The one that it stands in for is next.
 *
 * @param ordered best first, the floor applied.
 * @returns undefined where they stay as they are.
 */
export function tryChallenger({
  ordered,
  strategy,
  seed,
  site,
}: {
  ordered: readonly Ranked[]
  strategy: Strategy
  seed: string | undefined
  site: CallSite | undefined
}): { readonly ordered: readonly Ranked[]; readonly exploration: Exploration } | undefined {
  const [best] = ordered
  if (!best || seed === undefined || !isDrawn({ strategy: strategy.name, seed })) return undefined
  const exploration = explore({
    candidates: ordered.map(({ row, inputs, score }) => ({
      modelId: row.model.id,
      costPicoUsd: inputs.costPicoUsd,
      score,
      sd: strategy.weights.quality * inputs.sd,
      samples: site?.get(row.model.id)?.samples ?? 0,
      isWithinCap: isNowhereDearer(row, best.row),
    })),
    strategy: strategy.name,
    seed,
  })
  const challenger = exploration && ordered[exploration.index]
  if (!challenger) return undefined
  return { ordered: [challenger, ...ordered.filter((one) => one !== challenger)], exploration }
}
