import type { Row } from './table/endpoint-row.ts'
import type { EndpointTable, Shelf } from './table/endpoint-table.ts'
import type { Expectation } from './ranking/expect-call.ts'
import { type CodeAt, type Demand, filterEndpoints } from './filters/filter-endpoints.ts'
import { codeOf, PASSES } from './table/filter-reasons.ts'
import type { HealthView } from './health/endpoint-health.ts'
import type { Preferences } from './overrides/merge-overrides.ts'
import type { RouteQuery } from './route-query.ts'
import type { QualityView } from './quality/quality-view.ts'
import { rankCandidates, type Ranked, type Ranking } from './ranking/rank-candidates.ts'
import { endpointsDown, floorUnmet } from './empty-pool.ts'
import type { RouteQuestion } from './filters/route-question.ts'
import type { Strategy } from './overrides/strategies.ts'
import type { PlaceOf } from './ranking/top-of.ts'

/** A query with everything in its place. */
export type RouteSetting = Omit<
  RouteQuery,
  'preferences' | 'health' | 'quality' | 'nowMs' | 'expected' | 'quotedPlaces'
> & {
  readonly preferences: Preferences
  readonly expected: Expectation
  readonly table: EndpointTable
  readonly question: RouteQuestion
  readonly strategy: Strategy
  readonly health: HealthView
  readonly quality: QualityView
  readonly nowMs: number
  /** The plan that was quoted, in its order, where one of it can be asked. */
  readonly kept?: ReadonlySet<Row> | undefined
}

const PRICE_CAP = codeOf('price_cap')

/** The hard filters, with what a signed price allows. */
export function filtersFor(
  { question, isWithinCap, table }: Pick<RouteSetting, 'question' | 'isWithinCap' | 'table'>,
  demand: Demand,
): CodeAt {
  const codeAt = filterEndpoints({ columns: table.columns, question, demand })
  if (!isWithinCap) return codeAt
  return (number) => {
    const code = codeAt(number)
    return code === PASSES && !isWithinCap(table.rowAt[number]!) ? PRICE_CAP : code
  }
}

/**
 * Scores who fits. An estimate that has sunk below `min_quality` since a price was signed refuses nobody.
 *
 * @returns undefined where nobody fits.
 * @throws all_endpoints_down where only those are left that may not be asked now, quality_floor_unmet.
 */
export function rankShelf(
  setting: RouteSetting,
  { shelf, hasFloor, codeAt }: { shelf: Shelf; hasFloor: boolean; codeAt: CodeAt },
): Ranking | undefined {
  const { isWithinCap, nowMs } = setting
  const { minQuality } = setting.preferences
  const ranking = rankCandidates({ setting, shelf, codeAt, hasFloor, minQuality })
  if (ranking.kind === 'ranked') return ranking
  if (ranking.resting.length > 0 && !isWithinCap) throw endpointsDown({ ...ranking, nowMs })
  if (minQuality === undefined && ranking.resting.length === 0) return undefined
  const all = rankCandidates({ setting, shelf, codeAt, hasFloor })
  if (all.kind === 'ranked' && isWithinCap) return all
  if (all.kind === 'ranked') throw floorUnmet({ best: all.best, minQuality: minQuality ?? 0 })
  if (all.resting.length > 0) throw endpointsDown({ ...all, nowMs })
  return undefined
}

/** Puts the plan that was quoted, in its order, before all others. */
export function placesWith({
  kept,
  placeOf,
}: {
  kept?: ReadonlySet<Row> | undefined
  placeOf: PlaceOf | undefined
}): PlaceOf | undefined {
  if (!kept) return placeOf
  const quoted = new Map([...kept].map((row, index) => [row, index - kept.size]))
  return (row) => quoted.get(row) ?? placeOf?.(row) ?? 0
}

/** The plan that was quoted, out of those in order; undefined where a plan is to be made. */
export function keptOf({ kept }: RouteSetting, ordered: readonly Ranked[]): readonly Ranked[] | undefined {
  if (!kept) return undefined
  const found = ordered.filter(({ row }) => kept.has(row))
  return found.length > 0 ? found : undefined
}
