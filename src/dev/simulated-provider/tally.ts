import type { IncomingMessage, ServerResponse } from 'node:http'

const MAX_IDS = 10_000

/** Counts what comes and how it ends. */
export function createTally() {
  const callsById = new Map<string, number>()
  const totals = { calls: 0, running: 0, aborted: 0, connections: 0 }
  return {
    totals,
    callsById,
    addCall: ({ request, response }: { request: IncomingMessage; response: ServerResponse }): void => {
      totals.calls += 1
      totals.running += 1
      response.once('close', () => {
        totals.running -= 1
        if (!response.writableFinished) totals.aborted += 1
      })
      const id = request.headers['x-request-id']
      if (typeof id !== 'string') return
      if (callsById.size >= MAX_IDS) callsById.clear()
      callsById.set(id, (callsById.get(id) ?? 0) + 1)
    },
  }
}
