import { LIMITS } from '../../lib/limits.ts'
import { type AlertEvent, type EventData, EVENT_TYPES, type EventType } from './events.ts'

/**
 * By what an event is one with another that came shortly before; undefined: each stands by itself, under the id of its cause.
 *
 * @example coalesceKey(refused) // 'budget.refused acme b1 p1 month:2026-11-01 hard k1 p1'
 */
export function coalesceKey({ type, organizationId, data }: AlertEvent): string | undefined {
  const { coalescedBy } = EVENT_TYPES[type]
  if (!coalescedBy) return undefined
  const members = data as Readonly<Record<string, unknown>>
  // As JSON, so that no value can look like two.
  return JSON.stringify([type, organizationId, ...coalescedBy.map((name) => members[name] ?? null)])
}

/**
 * Counts events of one kind about one thing together for a minute: the first goes out at once, and what follows within the minute becomes one
 * more when the minute has passed. So a burst of ten thousand refusals is two deliveries, and none is lost.
 *
 * @param open the event that collects since the last one went out, and when that was; absent: none went out lately.
 * @returns what goes out now, if anything, and what collects from here on.
 */
export function coalesce({ open, event }: { open?: Collecting | undefined; event: AlertEvent }): {
  readonly emit?: AlertEvent
  readonly open: Collecting
} {
  if (!open || event.atMs >= open.sentAtMs + LIMITS.alertCoalesceMs) {
    const emit = open?.waiting ? joined(open.waiting, event) : event
    return { emit, open: { sentAtMs: event.atMs } }
  }
  return { open: { ...open, waiting: open.waiting ? joined(open.waiting, event) : event } }
}

export type Collecting = { readonly sentAtMs: number; readonly waiting?: AlertEvent }

/** What has collected goes out once its minute is over, though nothing more comes. */
export function flushCollected({ open, nowMs }: { open: Collecting; nowMs: number }): {
  readonly emit?: AlertEvent
  readonly open?: Collecting
} {
  if (nowMs < open.sentAtMs + LIMITS.alertCoalesceMs) return { open }
  return open.waiting ? { emit: open.waiting, open: { sentAtMs: nowMs } } : {}
}

/** The first gives id and time, the last what it looked like. */
const joined = (first: AlertEvent, last: AlertEvent): AlertEvent =>
  ({
    ...first,
    data: last.data,
    count: first.count + last.count,
    lastAtMs: Math.max(first.lastAtMs, last.lastAtMs),
  }) as AlertEvent

/**
 * The id of an event out of its cause, so that the same cause is the same event, however often it is found. A webhook's id has no dot in it.
 *
 * @example eventId({ type: 'budget.threshold', cause: ['b1', 'acme', 'month:2026-11-01', '80'] })
 */
export const eventId = ({ type, cause }: { type: EventType; cause: readonly string[] }): string =>
  `evt_${Buffer.from(JSON.stringify([type, ...cause])).toString('base64url')}`

/** An event that has happened once. */
export const newEvent = <Type extends EventType>({
  type,
  organizationId,
  cause,
  data,
  atMs,
}: {
  type: Type
  organizationId: string | null
  cause: readonly string[]
  data: EventData[Type]
  atMs: number
}): AlertEvent<Type> => ({
  id: eventId({ type, cause: [organizationId ?? '', ...cause] }),
  type,
  organizationId,
  atMs,
  data,
  count: 1,
  lastAtMs: atMs,
})
