import { LIMITS } from '../../lib/limits.ts'

/** What is known of one model at one call site: sums that halve every two weeks. */
export type Counters = {
  /** Calls. */
  readonly samples: number
  /** Evidence of the server's own eyes, and of words. */
  readonly seenGood: number
  readonly seenBad: number
  readonly toldGood: number
  readonly toldBad: number
  /** Up to when they have been decayed. */
  readonly atMs: number
}

/** The share that is left after a time. @example decayOver(LIMITS.feedbackHalfLifeMs) // 0.5 */
export const decayOver = (durationMs: number): number =>
  2 ** -(Math.max(0, durationMs) / LIMITS.feedbackHalfLifeMs)

export function decayedTo({ counters, nowMs }: { counters: Counters; nowMs: number }): Counters {
  const left = decayOver(nowMs - counters.atMs)
  return {
    samples: counters.samples * left,
    seenGood: counters.seenGood * left,
    seenBad: counters.seenBad * left,
    toldGood: counters.toldGood * left,
    toldBad: counters.toldBad * left,
    atMs: Math.max(nowMs, counters.atMs),
  }
}
