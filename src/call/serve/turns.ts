import { LIMITS } from '../../lib/limits.ts'

/**
 * Calls that wait for a turn on their channel, first come, first served. Only an order of trial: who may go is decided
 * by the admission rule under the row's lock, so instances need not share this.
 */
export type Turns = {
  /** Resolves when woken, or at the time when the present turn ends. False: too many wait already. */
  readonly wait: (query: { channelId: string; durationMs: number }) => Promise<boolean>
  /** Lets the first waiter of the channel try again. */
  readonly wake: (channelId: string) => void
}

export function createTurns({
  sleep,
}: {
  sleep: (durationMs: number, signal: AbortSignal) => Promise<void>
}): Turns {
  const waiting = new Map<string, AbortController[]>()

  function leave(channelId: string, waiter: AbortController): void {
    const line = waiting.get(channelId)?.filter((other) => other !== waiter) ?? []
    if (line.length > 0) waiting.set(channelId, line)
    else waiting.delete(channelId)
  }

  return {
    async wait({ channelId, durationMs }) {
      const line = waiting.get(channelId) ?? []
      if (line.length >= LIMITS.turnWaiters) return false
      const waiter = new AbortController()
      waiting.set(channelId, [...line, waiter])
      await sleep(durationMs, waiter.signal)
      leave(channelId, waiter)
      return true
    },
    wake(channelId) {
      const first = waiting.get(channelId)?.[0]
      if (!first) return
      leave(channelId, first)
      first.abort()
    },
  }
}
