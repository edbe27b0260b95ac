import { LIMITS } from '../../lib/limits.ts'
import type { Budget, CalendarWindow } from './types.ts'
import { startOfDay, wallTime } from '../zone-time.ts'

/** The window of a budget at a moment. */
export type BudgetWindow = {
  /**
   * Where an amount that is taken now is counted: with the budget and the counter it is the key of the sums. It does not name the zone, so
   * that a change of zone moves the edges and forgets nothing that was spent.
   */
  readonly id: string
  /** What counts is everything that was taken from here on. */
  readonly fromMs: number
  /** Of the sum in which an amount taken now is counted: `fromMs` but for a rolling window, whose sums are those of its slots. */
  readonly slotFromMs: number
  /** When everything that is counted now counts no more; null: never. */
  readonly resetsAtMs: number | null
}

const HOUR_MS = 3_600_000
const MONTHS_OF_QUARTER = 3

/** The first day of a window, `steps` windows after the one that has a wall time; as if UTC's. */
function wallStart(kind: Exclude<CalendarWindow, 'hour'>, wallMs: number, steps: number): number {
  const date = new Date(wallMs)
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
  if (kind === 'day') return Date.UTC(year, month, day + steps)
  // Weeks begin on Monday, as in ISO 8601.
  if (kind === 'week') return Date.UTC(year, month, day - ((date.getUTCDay() + 6) % 7) + 7 * steps)
  if (kind === 'month') return Date.UTC(year, month + steps, 1)
  const quarter = Math.floor(month / MONTHS_OF_QUARTER) + steps
  return Date.UTC(year, quarter * MONTHS_OF_QUARTER, 1)
}

/**
 * A calendar window as the zone's own clocks have it, so that a day of the change to summer time has 23 hours, and that of the change back
 * 25. Windows are cut at their beginnings, so each instant is in one, also where a clock shows an hour twice around midnight.
 */
function calendarWindow(
  kind: Exclude<CalendarWindow, 'hour'>,
  { atMs, timeZone }: { atMs: number; timeZone: string },
): BudgetWindow {
  const wallMs = wallTime({ atMs, timeZone })
  const startAt = (steps: number) => startOfDay({ wallMs: wallStart(kind, wallMs, steps), timeZone })
  // A day that a clock shows has begun; where it was put back over midnight, the next one has as well.
  let steps = 0
  while (startAt(steps + 1) <= atMs) steps += 1
  const fromMs = startAt(steps)
  const date = new Date(wallStart(kind, wallMs, steps)).toISOString().slice(0, 10)
  return { id: `${kind}:${date}`, fromMs, slotFromMs: fromMs, resetsAtMs: startAt(steps + 1) }
}

/** The last window that was worked out for a kind and a zone: it is the same for every moment in it, and clocks of zones are slow to read. */
const LATEST = new Map<string, BudgetWindow>()

function latestWindow(
  kind: Exclude<CalendarWindow, 'hour'>,
  { atMs, timeZone }: { atMs: number; timeZone: string },
): BudgetWindow {
  const key = `${kind} ${timeZone}`
  const latest = LATEST.get(key)
  const isSame = latest && latest.fromMs <= atMs && atMs < (latest.resetsAtMs ?? Infinity)
  if (isSame) return latest
  const found = calendarWindow(kind, { atMs, timeZone })
  LATEST.set(key, found)
  return found
}

/** Hours are those of UTC, whatever the zone: a clock that is put back shows an hour twice, and each of them is one. */
function hourWindow(atMs: number): BudgetWindow {
  const fromMs = Math.floor(atMs / HOUR_MS) * HOUR_MS
  const id = `hour:${new Date(fromMs).toISOString().slice(0, 13)}`
  return { id, fromMs, slotFromMs: fromMs, resetsAtMs: fromMs + HOUR_MS }
}

/**
 * The last N seconds. Sums are kept for slots of a sixtieth, and the slot in which the window begins counts whole: it looks back a little
 * further than N, never less far, so within any N seconds the limit holds.
 */
function rollingWindow({ rollingSeconds, atMs }: { rollingSeconds: number; atMs: number }): BudgetWindow {
  const windowMs = rollingSeconds * 1_000
  const slotMs = Math.ceil(windowMs / LIMITS.rollingSlots)
  const slotFromMs = Math.floor(atMs / slotMs) * slotMs
  return {
    id: `rolling-${rollingSeconds}:${slotFromMs}`,
    fromMs: Math.floor((atMs - windowMs) / slotMs) * slotMs,
    slotFromMs,
    resetsAtMs: slotFromMs + slotMs + windowMs,
  }
}

/**
 * The window of a budget at a moment. Pure, so a clock that jumps back only finds an earlier window again, with what was spent in it.
 *
 * The sums that count are those with `slotFromMs` of the window's or, for a rolling one, from its `fromMs` on.
 *
 * @example windowOf({ budget: { window: 'day', timeZone: 'Europe/Berlin' }, atMs: Date.UTC(2026, 9, 25, 12) }) // 25 hours from 22:00 UTC of the 24th
 */
export function windowOf({
  budget: { window, timeZone },
  atMs,
}: {
  budget: Pick<Budget, 'window' | 'timeZone'>
  atMs: number
}): BudgetWindow {
  if (typeof window === 'object') return rollingWindow({ ...window, atMs })
  if (window === 'total') return { id: 'total', fromMs: 0, slotFromMs: 0, resetsAtMs: null }
  // Nothing is ever counted in it: each call is held against the limit by itself.
  if (window === 'request') return { id: 'request', fromMs: atMs, slotFromMs: atMs, resetsAtMs: null }
  return window === 'hour' ? hourWindow(atMs) : latestWindow(window, { atMs, timeZone })
}
