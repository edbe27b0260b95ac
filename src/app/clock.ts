import { randomBytes } from 'node:crypto'
import { setTimeout as sleepFor } from 'node:timers/promises'

const RANDOM_POOL_BYTES = 4_096

/** Ids need a few random bytes each, three times a call: one question to the system answers hundreds. No byte is given twice. */
function createRandom(): (byteCount: number) => Uint8Array {
  let pool = randomBytes(RANDOM_POOL_BYTES)
  let used = 0
  return (byteCount) => {
    if (byteCount > RANDOM_POOL_BYTES) return randomBytes(byteCount)
    if (used + byteCount > RANDOM_POOL_BYTES) {
      pool = randomBytes(RANDOM_POOL_BYTES)
      used = 0
    }
    used += byteCount
    return pool.subarray(used - byteCount, used)
  }
}

/** The one clock and the one source of randomness; pure rooms are given what they say. */
export const clock = {
  nowMs: () => Date.now(),
  random: createRandom(),
  sleep: async (durationMs: number, signal?: AbortSignal) => {
    await sleepFor(durationMs, undefined, signal ? { signal } : {}).catch(() => undefined)
  },
  /** The same, for work that a stopping process need not wait for. */
  sleepAside: async (durationMs: number) => {
    await sleepFor(durationMs, undefined, { ref: false })
  },
}
