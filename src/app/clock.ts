import { randomBytes } from 'node:crypto'
import { setTimeout as sleepFor } from 'node:timers/promises'

/** The one clock and the one source of randomness; pure rooms are given what they say. */
export const clock = {
  nowMs: () => Date.now(),
  random: (byteCount: number) => randomBytes(byteCount),
  sleep: async (durationMs: number, signal?: AbortSignal) => {
    await sleepFor(durationMs, undefined, signal ? { signal } : {}).catch(() => undefined)
  },
}
