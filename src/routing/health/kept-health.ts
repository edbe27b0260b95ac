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

/** Of one size class. */
type Board = {
  readonly columns: HealthColumns
  /** -Infinity where it is to be read again. */
  readonly holdsUntilMs: Float64Array
  /** The indices of those. */
  stale: number[]
  /** When the first of the others is due. */
  dueAtMs: number
}

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
      const board = (boards[sizeClassOf(inputTokens)] ??= newBoard(ids.length))
      if (board.dueAtMs <= nowMs) markDue(board, nowMs)
      const { columns, holdsUntilMs } = board
      for (const index of board.stale) {
        const held = read({ endpointId: ids[index]!, inputTokens, nowMs })
        putHealth({ columns, index, health: held.health })
        holdsUntilMs[index] = held.holdsUntilMs
        board.dueAtMs = Math.min(board.dueAtMs, held.holdsUntilMs)
      }
      board.stale = []
      return columns
    },
    touch(endpointId) {
      const index = indexOf.get(endpointId)
      // Of a size class that nobody has asked about there is no board.
      if (index !== undefined) for (const board of boards) if (board) markStale(board, index)
    },
    forget: () => begin([]),
  }
}

const newBoard = (endpoints: number): Board => ({
  columns: newHealthColumns(endpoints),
  holdsUntilMs: new Float64Array(endpoints).fill(-Infinity),
  stale: Array.from({ length: endpoints }, (_, index) => index),
  dueAtMs: Infinity,
})

function markStale(board: Board, index: number): void {
  if (board.holdsUntilMs[index] === -Infinity) return
  board.holdsUntilMs[index] = -Infinity
  board.stale.push(index)
}

function markDue(board: Board, nowMs: number): void {
  let dueAtMs = Infinity
  for (const [index, holdsUntilMs] of board.holdsUntilMs.entries()) {
    if (holdsUntilMs <= nowMs) markStale(board, index)
    else dueAtMs = Math.min(dueAtMs, holdsUntilMs)
  }
  board.dueAtMs = dueAtMs
}
