import { recoverCalls } from '../../call/serve/recover.ts'
import { LIMITS } from '../../lib/limits.ts'
import { createTimerAlarm } from '../../queue/alarm.ts'
import { createRedisAlarm } from '../../queue/bullmq-alarm.ts'
import type { SettlementDependencies } from '../../settlement/dependencies.ts'
import { sweep, type SweepOptions } from '../../settlement/sweep.ts'
import type { Storage } from '../../storage/open-storage.ts'
import { type createLog, logError } from '../../telemetry/log.ts'
import type { Metrics } from '../../telemetry/metrics.ts'
import { clock } from '../clock.ts'
import { oneAtATime } from './one-at-a-time.ts'
import type { AppOptions } from '../options/options.ts'

/** Polls of the chain between a pass that sent something and the look at what became of it. */
const LOOK_AGAIN_POLLS = 5

export type Settling = {
  /** Something may be due: look soon. */
  readonly wake: () => void
  /** One pass now; resolves when it has ended. */
  readonly settleNow: (options: SweepOptions) => Promise<{ readonly failures: number }>
  readonly close: () => Promise<void>
}

/** Keeps this instance's lease alive and looks after everything that is due: by timer, and at once when woken. */
export function startSettling({
  options,
  storage,
  settlement,
  metrics,
  log,
}: {
  options: AppOptions
  storage: Storage
  settlement: SettlementDependencies
  metrics: Metrics
  log: ReturnType<typeof createLog>
}): Settling {
  const report = (step: string) => (error: unknown) => logError({ log, error, fields: { step } })

  const settleNow = oneAtATime(async (sweepOptions: SweepOptions) => {
    // Several instances share one database; one of them settles, the others would find the same rows due.
    if (!(await storage.takeLease('settlement'))) return { failures: 0 }
    // Our own lease first: where this process stood still for longer than a lease, its running calls are not abandoned. And
    // whatever keeps a call from being released must not keep money from being settled.
    await storage.instances
      .heartbeat()
      .then(() => recoverCalls({ store: storage.calls, nowMs: clock.nowMs() }))
      .catch(report('recover'))
    const failures = await sweep({ dependencies: settlement, options: sweepOptions })
    for (const { network, step, error } of failures) {
      metrics.countSettlementFailure({ network, step })
      logError({ log, error, fields: { network, step } })
    }
    return { failures: failures.length }
  })

  let again: NodeJS.Timeout | undefined
  /** What a pass has sent is mined soon: look again then, not only at the next tick. */
  const lookAgainIfOpen = async () => {
    for (const { network } of options.networks) {
      const open = await storage.settlement.listTransactions({ network, states: ['signed'], limit: 1 })
      if (open.length === 0) continue
      again = setTimeout(() => alarm.wake(), options.pollMs * LOOK_AGAIN_POLLS)
      return
    }
  }
  const look = async () => {
    clearTimeout(again)
    await settleNow({}).catch(report('settle'))
    await lookAgainIfOpen().catch(report('settle'))
  }
  const { redisUrl, sweepMs: intervalMs } = options
  const alarm = redisUrl
    ? createRedisAlarm({ redisUrl, look, intervalMs, onError: report('queue') })
    : createTimerAlarm({ look, intervalMs })
  const heartbeat = setInterval(() => {
    storage.instances.heartbeat().catch(report('lease'))
  }, LIMITS.leaseMs / 3)

  return {
    wake: alarm.wake,
    settleNow,
    async close() {
      clearInterval(heartbeat)
      await alarm.close()
      clearTimeout(again)
    },
  }
}
