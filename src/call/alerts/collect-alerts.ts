import { coalesce, coalesceKey, type Collecting, flushCollected } from '../../governance/alerts/coalesce.ts'
import type { AlertEvent } from '../../governance/alerts/events.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { AlertSink, OutboxStore } from '../outbox-ports.ts'

/** Alerts in memory, on their way to the outbox. */
export type AlertCollector = AlertSink & {
  /** Writes what goes out by now. What could not be written stays, and is written by the next. Never two at once. */
  readonly write: () => Promise<void>
  /** Everything, whether its minute is over or not: for a process that ends. */
  readonly writeAll: () => Promise<void>
}

/**
 * Counts alerts of one kind about one thing together, for a minute each, and keeps them until they are written: nobody waits for the
 * database. Memory is bounded; what does not fit is dropped, since whoever can cause so many kinds in a minute means them to be many.
 *
 * @param onWaiting there is something to be written.
 */
export function collectAlerts({
  store,
  nowMs,
  onWaiting = () => {},
  onDropped = () => {},
}: {
  store: Pick<OutboxStore, 'append'>
  nowMs: () => number
  onWaiting?: () => void
  onDropped?: (event: AlertEvent) => void
}): AlertCollector {
  const counted = new Map<string, Collecting>()
  let waiting: AlertEvent[] = []

  function send(event: AlertEvent): void {
    if (waiting.length >= LIMITS.alertsWaiting) onDropped(event)
    else waiting.push(event)
  }
  /** Takes over what has collected until then. */
  function flush(untilMs: number): void {
    for (const [key, collecting] of counted) {
      const { emit, open } = flushCollected({ open: collecting, nowMs: untilMs })
      if (emit) send(emit)
      if (open) counted.set(key, open)
      else counted.delete(key)
    }
  }
  function take(event: AlertEvent): void {
    const key = coalesceKey(event)
    if (key === undefined) return send(event)
    if (!counted.has(key) && counted.size >= LIMITS.alertsCounted) flush(nowMs())
    if (!counted.has(key) && counted.size >= LIMITS.alertsCounted) return onDropped(event)
    const { emit, open } = coalesce({ open: counted.get(key), event })
    counted.set(key, open)
    if (emit) send(emit)
  }
  async function append(): Promise<void> {
    const batch = waiting
    waiting = []
    try {
      await store.append(batch)
    } catch (error) {
      waiting = [...batch, ...waiting]
      throw error
    }
  }

  return {
    note(event) {
      take(event)
      if (waiting.length > 0) onWaiting()
    },
    async write() {
      flush(nowMs())
      if (waiting.length > 0) await append()
    },
    async writeAll() {
      flush(Number.POSITIVE_INFINITY)
      if (waiting.length > 0) await append()
    },
  }
}
