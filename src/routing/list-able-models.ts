import type { RouteQuery } from './route-query.ts'
import { endpointTable } from './table/endpoint-table.ts'
import { PASSES } from './table/filter-reasons.ts'
import { filterEndpoints } from './filters/filter-endpoints.ts'
import { routeQuestion } from './filters/route-question.ts'

/** Models that are known to do what a request needs and have the room for it, the cheapest first. */
export function listAbleModels(
  query: Pick<
    RouteQuery,
    'needs' | 'catalog' | 'isReachable' | 'unsupportedAt' | 'preferences' | 'marginBps'
  >,
): readonly string[] {
  const { catalog, preferences = {}, marginBps = 0 } = query
  const table = endpointTable(catalog)
  const question = routeQuestion({ ...query, table, preferences, marginBps })
  const { rows } = table.shelfOf(query.needs.kind ?? 'chat')
  const codeAt = filterEndpoints({ columns: table.columns, question, demand: 'known' })
  const fitting = rows.filter(({ number }) => codeAt(number) === PASSES)
  return [...new Set(fitting.map(({ model }) => model.id))]
}
