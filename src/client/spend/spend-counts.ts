import { formatUsd, type PicoUsd } from '../../lib/money.ts'
import { overCap } from '../wire/errors.ts'
import { createHourWindow } from './hour-window.ts'
import type { SpendLimits } from './spend-limits.ts'
import { usdToPico, type Usd } from '../wire/usd.ts'

/** The room that one call takes in every count until its charge is known. */
export type Reservation = {
  /** Counts the charge instead of the ceiling, once. */
  readonly settle: (chargePicoUsd: PicoUsd) => void
  /** Nothing was spent. */
  readonly release: () => void
  /** The ceiling could be taken until then, and nobody will say whether it was: it counts as if it had been. */
  readonly lapse: (untilMs: number) => void
}

export type Spent = {
  /** Charges, decimal USD. */
  readonly usd: string
  readonly picoUsd: PicoUsd
  /** Ceilings of calls whose charge is not known yet. */
  readonly reservedUsd: string
  /** Calls whose charge is known. */
  readonly calls: number
}

type Count = { spentPicoUsd: PicoUsd; reservedPicoUsd: PicoUsd }

/** Runs whose sums are kept; beyond them the ones that were used least lately are forgotten. */
const RUNS_KEPT = 10_000

const capOf = (amount: Usd | undefined) => (amount === undefined ? undefined : usdToPico(amount))
const newCount = (): Count => ({ spentPicoUsd: 0n, reservedPicoUsd: 0n })

/**
 * Counts what is spent against the caps of an hour, a run and the whole. A call takes its ceiling in all of them in one
 * step, before anything is signed and without a pause, so that calls in parallel never pass a cap together.
 */
export function createSpendCounts({ limits, nowMs }: { limits: SpendLimits; nowMs: () => number }) {
  const hourCap = capOf(limits.maxPerHourUsd)
  const runCap = capOf(limits.maxPerRunUsd)
  const totalCap = capOf(limits.maxTotalUsd)
  const total = newCount()
  const runs = new Map<string, Count>()
  const hour = createHourWindow()
  let hourReservedPicoUsd = 0n
  let calls = 0

  function countOf(run: string): Count {
    const count = runs.get(run) ?? newCount()
    runs.delete(run)
    runs.set(run, count)
    for (const oldest of runs.keys()) {
      if (runs.size <= RUNS_KEPT) break
      runs.delete(oldest)
    }
    return count
  }

  function demandRoom({ count, ceilingPicoUsd }: { count: Count; ceilingPicoUsd: PicoUsd }): void {
    const asked = (sum: PicoUsd) => sum + ceilingPicoUsd
    const checks = [
      {
        rule: 'max_per_hour',
        option: 'maxPerHourUsd',
        what: 'The calls of an hour',
        cap: hourCap,
        asked: asked(hour.sum(nowMs()) + hourReservedPicoUsd),
      },
      {
        rule: 'max_per_run',
        option: 'maxPerRunUsd',
        what: 'The calls of this run',
        cap: runCap,
        asked: asked(count.spentPicoUsd + count.reservedPicoUsd),
      },
      {
        rule: 'max_total',
        option: 'maxTotalUsd',
        what: 'All calls together',
        cap: totalCap,
        asked: asked(total.spentPicoUsd + total.reservedPicoUsd),
      },
    ] as const
    for (const { rule, option, what, cap, asked: askedPicoUsd } of checks) {
      if (cap !== undefined && askedPicoUsd > cap) {
        throw overCap({ rule, option, what, limitPicoUsd: cap, askedPicoUsd })
      }
    }
  }

  /** @throws SpendRefusedError `max_per_hour`, `max_per_run`, `max_total`. */
  function reserve({ ceilingPicoUsd, run }: { ceilingPicoUsd: PicoUsd; run: string }): Reservation {
    const count = countOf(run)
    demandRoom({ count, ceilingPicoUsd })
    const counts = [count, total]
    for (const each of counts) each.reservedPicoUsd += ceilingPicoUsd
    hourReservedPicoUsd += ceilingPicoUsd
    let isOpen = true
    let isInHour = true
    const close = () => {
      if (!isOpen) return false
      isOpen = false
      for (const each of counts) each.reservedPicoUsd -= ceilingPicoUsd
      if (isInHour) hourReservedPicoUsd -= ceilingPicoUsd
      return true
    }
    return {
      settle(chargePicoUsd) {
        if (!close()) return
        for (const each of counts) each.spentPicoUsd += chargePicoUsd
        hour.add({ atMs: nowMs(), amountPicoUsd: chargePicoUsd })
        calls += 1
      },
      release: () => void close(),
      lapse(untilMs) {
        if (!isOpen || !isInHour) return
        isInHour = false
        hourReservedPicoUsd -= ceilingPicoUsd
        hour.add({ atMs: untilMs, amountPicoUsd: ceilingPicoUsd })
      },
    }
  }

  const spent = (): Spent => ({
    usd: formatUsd(total.spentPicoUsd),
    picoUsd: total.spentPicoUsd,
    reservedUsd: formatUsd(total.reservedPicoUsd),
    calls,
  })

  return { reserve, spent }
}
