import { createTally } from './filter-candidates.ts'
import type { RouteQuery } from './plan-route.ts'
import { endpointTable } from './endpoint-table.ts'
import { NEUTRAL_HEALTH } from './neutral-health.ts'
import { filterCandidates } from './filter-candidates.ts'
import { routeQuestion } from './route-question.ts'

/** Models that are known to do what a request needs and have the room for it, the cheapest first. */
export function listAbleModels(
  query: Pick<
    RouteQuery,
    'needs' | 'catalog' | 'isReachable' | 'unsupportedAt' | 'preferences' | 'marginBps'
  >,
): readonly string[] {
  const { catalog, preferences = {}, marginBps = 0 } = query
  const table = endpointTable(catalog)
  const { passed } = filterCandidates({
    rows: table.rows,
    question: routeQuestion({ ...query, table, preferences, marginBps }),
    demand: 'known',
    health: NEUTRAL_HEALTH,
    inputTokens: 0,
    tally: createTally(),
  })
  return [...new Set(passed.map(({ row }) => row.model.id))]
}
