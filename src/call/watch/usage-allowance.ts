import { LIMITS } from '../../lib/limits.ts'

/**
 * How much text may be counted now. Who pays for calls decides what is in them: without a limit, odd texts would buy tokenizing.
 *
 * @param nowMs the clock.
 * @returns takes so many characters, or says that there is no room.
 */
export function createUsageAllowance({ nowMs }: { nowMs: () => number }): (chars: number) => boolean {
  let left: number = LIMITS.usageCharsAtOnce
  let readAtMs = nowMs()
  return (chars) => {
    const atMs = nowMs()
    const gained = (Math.max(0, atMs - readAtMs) * LIMITS.usageCharsPerSecond) / 1_000
    left = Math.min(LIMITS.usageCharsAtOnce, left + gained)
    readAtMs = atMs
    if (chars > left || chars > LIMITS.usageCountChars) return false
    left -= chars
    return true
  }
}
