import { createUsageWatch, type UsageWatch } from '../../call/watch/watch-usage.ts'
import { LIMITS } from '../../lib/limits.ts'
import { recordUsage, USAGE_NETWORK } from '../../settlement/reconcile/record-usage.ts'
import type { Finding } from '../../settlement/reconcile/types.ts'
import type { Storage } from '../../storage/open-storage.ts'
import { type createLog, logError } from '../../telemetry/log.ts'
import type { Metrics } from '../../telemetry/metrics.ts'
import { clock } from '../clock.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { repeat } from './repeat.ts'

export type UsageFindings = {
  readonly take: UsageWatch['take']
  /** Writes down what has been found by now. */
  readonly flush: () => Promise<void>
  /** Open findings about usage, with what has been found by now. */
  readonly list: () => Promise<readonly Finding[]>
  readonly close: () => Promise<void>
}

/**
 * What providers count is judged as calls end, and written down by a timer: no call waits for it, and an endpoint that is wrong in
 * every call is one row that is touched every few seconds.
 */
export function watchUsage({
  storage: { findings: store },
  metrics,
  log,
}: {
  storage: Pick<Storage, 'findings'>
  metrics: Metrics
  log: ReturnType<typeof createLog>
}): UsageFindings {
  const watch = createUsageWatch({ nowMs: clock.nowMs })

  const write = oneAtATime(async () => {
    const changes = watch.changes()
    if (changes.length === 0) return
    for (const change of changes) {
      const { subject } = change
      const recorded = await recordUsage({ store, change, nowMs: clock.nowMs() })
      watch.settle(change)
      if (recorded === 'answered') watch.forget(subject)
      if (recorded !== 'opened') continue
      metrics.countUsageFinding(subject)
      log.warn({ event: 'usage_finding', subject }, 'usage_finding')
    }
    metrics.setFindings({ counts: await store.countOpen(), nowMs: clock.nowMs() })
  })
  const flush = async () => {
    await watch.idle()
    await write(undefined)
  }
  const stop = repeat({
    everyMs: LIMITS.usageFindingsMs,
    run: flush,
    onError: (error) => logError({ log, error, fields: { step: 'usage' } }),
  })
  return {
    take: watch.take,
    flush,
    list: async () => {
      await flush()
      const standing = await store.listStanding({ network: USAGE_NETWORK })
      return standing.filter(({ state }) => state === 'open')
    },
    close: async () => {
      await stop()
      await flush().catch((error: unknown) => logError({ log, error, fields: { step: 'usage' } }))
    },
  }
}
