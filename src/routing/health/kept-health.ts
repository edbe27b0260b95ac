import type { EndpointHealth, HealthColumns } from './endpoint-health.ts'
import { newHealthColumns, putHealth } from './health-columns.ts'
import { sizeClassOf } from './pace.ts'

/** Health as it was read, and until when it may stand for what it is (health-at.ts). */
export type HeldHealth = { readonly health: EndpointHealth; readonly holdsUntilMs: number }

export type HealthQuery = {
  readonly endpointId: string
  readonly inputTokens: number
  readonly nowMs: number
}

/** Health of a catalogue's endpoints as columns that are kept between decisions: of an endpoint only what has changed is read again. */
export type KeptHealth = {
  readonly at: (query: {
    readonly endpointIds: readonly string[]
    readonly inputTokens: number
    readonly nowMs: number
  }) => HealthColumns
  /** Something has happened to this endpoint. */
  readonly touch: (endpointId: string) => void
  readonly forget: () => void
}

type Board = { readonly columns: HealthColumns; readonly holdsUntilMs: Float64Array }

/** @param read the health of one endpoint, for inputs of this many tokens. */
export function keepHealth(read: (query: HealthQuery) => HeldHealth): KeptHealth {
  let ids: readonly string[] = []
  let indexOf = new Map<string, number>()
  /** By size class. */
  let boards: Board[] = []

  function begin(endpointIds: readonly string[]): void {
    ids = endpointIds
    indexOf = new Map(endpointIds.map((id, index) => [id, index]))
    boards = []
  }

  return {
    at({ endpointIds, inputTokens, nowMs }) {
      if (endpointIds !== ids) begin(endpointIds)
      const { columns, holdsUntilMs } = (boards[sizeClassOf(inputTokens)] ??= newBoard(ids.length))
      for (let index = 0; index < ids.length; index += 1) {
        if (holdsUntilMs[index]! > nowMs) continue
        const held = read({ endpointId: ids[index]!, inputTokens, nowMs })
        putHealth({ columns, index, health: held.health })
        holdsUntilMs[index] = held.holdsUntilMs
      }
      return columns
    },
    touch(endpointId) {
      const index = indexOf.get(endpointId)
      if (index === undefined) return
      // Of a size class that nobody has asked about there is none.
      for (const board of boards) if (board) board.holdsUntilMs[index] = -Infinity
    },
    forget: () => begin([]),
  }
}

const newBoard = (endpoints: number): Board => ({
  columns: newHealthColumns(endpoints),
  holdsUntilMs: new Float64Array(endpoints).fill(-Infinity),
})
