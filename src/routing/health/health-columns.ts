import { type EndpointHealth, type HealthColumns, type HealthView, isResting } from './endpoint-health.ts'

export const newHealthColumns = (endpoints: number): HealthColumns => ({
  firstTokenMs: new Float64Array(endpoints),
  tokensPerSecond: new Float64Array(endpoints),
  availability: new Float64Array(endpoints),
  isResting: new Uint8Array(endpoints),
})

export function putHealth({
  columns,
  index,
  health,
}: {
  columns: HealthColumns
  index: number
  health: EndpointHealth
}): void {
  columns.firstTokenMs[index] = health.firstTokenMs
  columns.tokensPerSecond[index] = health.tokensPerSecond
  columns.availability[index] = health.availability
  columns.isResting[index] = isResting(health) ? 1 : 0
}

/** What a view says of endpoints, all at once where it can. */
export function healthColumns({
  view,
  endpointIds,
  inputTokens,
}: {
  view: HealthView
  endpointIds: readonly string[]
  inputTokens: number
}): HealthColumns {
  if (view.ofAll) return view.ofAll({ endpointIds, inputTokens })
  const columns = newHealthColumns(endpointIds.length)
  for (const [index, endpointId] of endpointIds.entries())
    putHealth({ columns, index, health: view.of({ endpointId, inputTokens }) })
  return columns
}
