import type { Catalog, Endpoint } from '../catalog/types.ts'
import type { Row } from './table/endpoint-row.ts'
import { type EndpointTable, endpointTable } from './table/endpoint-table.ts'
import { type HealthView, isResting } from './health/endpoint-health.ts'

/** Places are 16 bits; a catalogue with more endpoints is quoted by its price alone. */
const MAX_PLACE = 0xffff

/** The endpoints of a plan as their places in the price book: short enough to travel in a signed quote. */
export function placesOf({
  catalog,
  candidates,
}: {
  catalog: Catalog
  candidates: readonly Endpoint[]
}): readonly number[] {
  const { rowsOfModel } = endpointTable(catalog)
  const places = candidates.flatMap(({ id, modelId }) => {
    const row = rowsOfModel.get(modelId)?.find(({ endpoint }) => endpoint.id === id)
    return row ? [row.place] : []
  })
  return places.length === candidates.length && places.every((place) => place <= MAX_PLACE) ? places : []
}

/** The rows at those places, in their order. */
export function rowsAt({
  table: { rows },
  places,
}: {
  table: EndpointTable
  places: readonly number[]
}): readonly Row[] {
  return places.flatMap((place) => {
    // Nearly always its index: a row is missing only where an endpoint's model is.
    const near = rows[place]
    const row = near?.place === place ? near : rows.find((one) => one.place === place)
    return row ? [row] : []
  })
}

/**
 * The plan that was quoted, if it can be run: each of it can still be reached, and one of it may be asked now. Else the call is
 * planned anew, below the same ceiling.
 */
export function keptPlan({
  quoted,
  isReachable,
  health,
  inputTokens,
}: {
  quoted: readonly Row[]
  isReachable: (providerId: string) => boolean
  health: HealthView
  inputTokens: number
}): ReadonlySet<Row> | undefined {
  const reachable = quoted.filter(({ endpoint }) => isReachable(endpoint.providerId))
  const isAwake = reachable.some(({ endpointId }) => !isResting(health.of({ endpointId, inputTokens })))
  return isAwake ? new Set(reachable) : undefined
}
