import { randomUUID } from 'node:crypto'
import type { HealthRow } from '../../call/ports.ts'
import { type AttemptReport, type HealthWatch, watchHealth } from '../../call/serve/watch-health.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { Storage } from '../../storage/open-storage.ts'
import { type createLog, logError } from '../../telemetry/log.ts'
import type { Metrics } from '../../telemetry/metrics.ts'
import type { EndpointAlerts } from './alert-endpoints.ts'
import { clock } from '../clock.ts'
import { repeat } from './repeat.ts'

export type SharedHealth = { readonly watch: HealthWatch; readonly close: () => Promise<void> }

/** Rows may be written a little later than their time says, and clocks differ. */
const OVERLAP_MS = 10_000

/**
 * What this instance knows of endpoints is told to the others every few seconds and when it ends, and theirs is read: a start begins
 * with what was known before it. No call waits for any of this, and a database that is away is no reason to forget.
 */
export async function shareHealth({
  storage: { health: store },
  alerts,
  metrics,
  log,
  everyMs = LIMITS.healthFlushMs,
}: {
  storage: Pick<Storage, 'health'>
  /** Tells of endpoints that go down and come back. */
  alerts?: EndpointAlerts
  metrics: Metrics
  log: ReturnType<typeof createLog>
  everyMs?: number
}): Promise<SharedHealth> {
  const report = (error: unknown) => logError({ log, error, fields: { step: 'health' } })
  const onAttempt = (attempt: AttemptReport) => {
    metrics.countAttempt(attempt)
    alerts?.take(attempt)
  }
  const watch = watchHealth({ instance: randomUUID(), nowMs: clock.nowMs, onAttempt })
  let sinceMs = clock.nowMs() - LIMITS.healthKeptMs

  async function learn(): Promise<void> {
    const atMs = clock.nowMs()
    watch.learn(await store.listSince({ sinceMs }))
    sinceMs = atMs - OVERLAP_MS
  }
  /** What a database that was away was not told; a newer word replaces it. */
  const untold = new Map<string, HealthRow>()
  async function tell(): Promise<void> {
    for (const row of watch.changes()) untold.set(row.endpointId, row)
    const rows = [...untold.values()]
    await store.put(rows)
    await alerts?.tell(rows)
    for (const row of rows) if (untold.get(row.endpointId) === row) untold.delete(row.endpointId)
  }
  async function exchange(): Promise<void> {
    await tell()
    await learn()
    metrics.setHealth({ endpoints: watch.list(), retryAttemptsLeft: watch.budget.left() })
  }

  await learn().catch(report)
  const stop = repeat({ everyMs, run: exchange, onError: report })
  return {
    watch,
    close: async () => {
      await stop()
      await tell().catch(report)
    },
  }
}
