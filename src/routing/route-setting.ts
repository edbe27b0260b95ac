import type { EndpointTable } from './endpoint-table.ts'
import {
  createTally,
  filterCandidates,
  type Filtered,
  type FilterTally,
  type Passed,
} from './filter-candidates.ts'
import type { Row } from './endpoint-table.ts'
import type { HealthView } from './health/endpoint-health.ts'
import type { Preferences } from './merge-overrides.ts'
import type { RouteQuery } from './plan-route.ts'
import type { QualityView } from './quality-view.ts'
import {
  type Expectation,
  type PlaceOf,
  rankCandidates,
  type Ranked,
  type Ranking,
} from './rank-candidates.ts'
import { endpointsDown, floorUnmet } from './empty-pool.ts'
import type { Demand, RouteQuestion } from './route-question.ts'
import type { Strategy } from './strategies.ts'

/** A query with everything in its place. */
export type RouteSetting = Omit<
  RouteQuery,
  'preferences' | 'health' | 'quality' | 'nowMs' | 'expected' | 'quoted'
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

export const filterRows = (
  { question, health, expected, isWithinCap, kept }: RouteSetting,
  { rows, demand, tally }: { rows: readonly Row[]; demand: Demand; tally: FilterTally },
): Filtered =>
  filterCandidates({
    rows,
    question,
    demand,
    health,
    inputTokens: expected.inputTokens,
    isWithinCap,
    kept,
    tally,
  })

/** Those that may be asked now. @throws all_endpoints_down where only those are left that may not. */
export function awakeOf({ nowMs }: RouteSetting, { passed, resting }: Filtered): readonly Passed[] {
  if (passed.length === 0 && resting.length > 0) throw endpointsDown({ resting, nowMs })
  return passed
}

/**
 * Scores what has passed. An estimate that has sunk below `min_quality` since a price was signed refuses nobody.
 *
 * @throws quality_floor_unmet.
 */
export function rankPassed(
  setting: RouteSetting,
  { passed, hasFloor, tally }: { passed: readonly Passed[]; hasFloor: boolean; tally: FilterTally },
): Ranking {
  const { preferences, isWithinCap } = setting
  const { minQuality } = preferences
  const options = { ...setting, passed, hasFloor }
  const ranking = rankCandidates({ ...options, minQuality, tally })
  if (ranking) return ranking
  const all = rankCandidates({ ...options, tally: isWithinCap ? tally : createTally() })
  if (all && isWithinCap) return all
  if (all) throw floorUnmet({ best: all.best, minQuality: minQuality ?? 0 })
  throw new RangeError('Nobody has passed.')
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
