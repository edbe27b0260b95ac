import type { PicoUsd } from '../../lib/money.ts'

const HOUR_MS = 3_600_000
const SECOND_MS = 1_000

/**
 * Sums what was spent in the last 3,600 seconds. Amounts of one second share an entry, so that an hour has at most
 * 3,601 of them; the entry carries the end of its second, so that nothing is forgotten early.
 */
export function createHourWindow() {
  let entries: { untilMs: number; amountPicoUsd: PicoUsd }[] = []
  let sumPicoUsd = 0n

  return {
    add({ atMs, amountPicoUsd }: { atMs: number; amountPicoUsd: PicoUsd }): void {
      const untilMs = Math.ceil(atMs / SECOND_MS) * SECOND_MS + HOUR_MS
      const entry = entries.find((known) => known.untilMs === untilMs)
      if (entry) entry.amountPicoUsd += amountPicoUsd
      else entries.push({ untilMs, amountPicoUsd })
      sumPicoUsd += amountPicoUsd
    },
    sum(nowMs: number): PicoUsd {
      if (entries.some(({ untilMs }) => untilMs <= nowMs)) {
        entries = entries.filter(({ untilMs }) => untilMs > nowMs)
        sumPicoUsd = entries.reduce((sum, { amountPicoUsd }) => sum + amountPicoUsd, 0n)
      }
      return sumPicoUsd
    },
  }
}
