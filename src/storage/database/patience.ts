import { isConnectionLost, isRepeatable } from './database-errors.ts'

/** Rounds before the caller is told: about two seconds of a database that restarts, and never much longer than that. */
const ROUNDS = 6
const LONGEST_MS = 4_000
const PAUSE_MS = 100

const pause = (durationMs: number) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, durationMs)
  })

/**
 * Runs an attempt again after deadlocks, serialisation failures and lost connections. After a lost connection nobody knows
 * whether it was committed, so the attempt must be idempotent.
 */
export async function withPatience<Result>(attempt: () => Promise<Result>): Promise<Result> {
  const startedAtMs = performance.now()
  for (let round = 1; ; round += 1) {
    try {
      return await attempt()
    } catch (error) {
      const isOver = round === ROUNDS || performance.now() - startedAtMs > LONGEST_MS
      if (isOver || !(isRepeatable(error) || isConnectionLost(error))) throw error
      if (isConnectionLost(error)) await pause(PAUSE_MS * round)
    }
  }
}
