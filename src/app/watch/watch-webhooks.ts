import { collectAlerts } from '../../call/alerts/collect-alerts.ts'
import type { AlertSink, LeasedDelivery, Subscriptions, WebhookKey } from '../../call/outbox-ports.ts'
import { ConfigError } from '../../config/read-config.ts'
import { LIMITS } from '../../lib/limits.ts'
import { createTimerAlarm } from '../../queue/alarm.ts'
import type { Storage } from '../../storage/open-storage.ts'
import { type createLog, logError } from '../../telemetry/log.ts'
import type { Metrics } from '../../telemetry/metrics.ts'
import { deliver, type DeliveryDependencies } from '../../webhooks/deliver.ts'
import { resolveHost } from '../../webhooks/guard.ts'
import { type OperatorKey, readOperatorKey } from '../../webhooks/operator-key.ts'
import { createSeal } from '../../webhooks/seal.ts'
import { createSubscriptions } from '../../webhooks/subscriptions.ts'
import { clock } from '../clock.ts'
import type { AppOptions } from '../options/options.ts'
import { repeat } from './repeat.ts'

export type Webhooks = {
  /** Takes alerts that are no part of a commit. */
  readonly sink: AlertSink
  readonly subscriptions: Subscriptions
  /** Where the operator has a key: what receivers verify `v1a` with. */
  readonly keys?: readonly WebhookKey[]
  /** Something is to be sent: look soon. */
  readonly wake: () => void
  readonly close: () => Promise<void>
}

const UINT32 = 2 ** 32
const randomShare = () => Buffer.from(clock.random(4)).readUInt32LE() / UINT32

function operatorKeyOf(text: string | undefined): OperatorKey | undefined {
  try {
    return text === undefined ? undefined : readOperatorKey(text)
  } catch (error) {
    const why = error instanceof Error ? error.message : ''
    throw new ConfigError([`TURNPIKE_WEBHOOK_KEY is no ed25519 key: ${why}`])
  }
}

/**
 * Sends alerts: writes what was noted, makes deliveries of events, and leases and makes a few deliveries at a time; by a timer, and at once
 * when woken. Every instance does it; the store gives each delivery to one.
 *
 * @throws ConfigError where the operator's key is none.
 */
export function watchWebhooks({
  options: { webhooks: options = {} },
  storage: { outbox: store },
  metrics,
  log,
}: {
  options: Pick<AppOptions, 'webhooks'>
  storage: Pick<Storage, 'outbox'>
  metrics: Metrics
  log: ReturnType<typeof createLog>
}): Webhooks {
  const onError = (error: unknown) => logError({ log, error, fields: { step: 'webhooks' } })
  const key = operatorKeyOf(options.key)
  const seal = options.secret === undefined ? undefined : createSeal({ serverSecret: options.secret })
  const { isDev = false, everyMs = LIMITS.webhookEveryMs, resolve = resolveHost } = options
  const { nowMs } = clock
  const dependencies: DeliveryDependencies = {
    seal,
    key: key?.privateKey,
    resolve,
    isDev,
    nowMs,
    random: randomShare,
  }
  const stopping = new AbortController()
  const underWay = new Set<Promise<void>>()
  const collector = collectAlerts({
    store,
    nowMs,
    onWaiting: () => alarm.wake(),
    onDropped: ({ type }) => metrics.countDroppedAlert(type),
  })

  async function attempt(leased: LeasedDelivery): Promise<void> {
    const outcome = await deliver({ leased, dependencies, signal: stopping.signal })
    if (!outcome) return
    const { delivery, event, webhook } = leased
    metrics.countWebhookAttempt(outcome.kind)
    await store.endAttempt({ delivery, outcome, atMs: nowMs() })
    if (outcome.kind !== 'dead' && outcome.kind !== 'gone') return
    const { status, errorCode } = outcome
    const what = {
      delivery: delivery.id,
      webhook: webhook.id,
      type: event.type,
      status,
      error_code: errorCode,
    }
    log.warn({ event: 'webhook_given_up', ...what }, 'webhook_given_up')
  }
  /** Fills what is free; whatever ends looks for more. */
  async function leaseSome(): Promise<void> {
    const limit = LIMITS.webhooksAtOnce - underWay.size
    if (limit <= 0) return
    const atMs = nowMs()
    const leased = await store.lease({
      limit,
      perWebhook: LIMITS.webhooksAtOnceEach,
      atMs,
      untilMs: atMs + LIMITS.webhookLeaseMs,
    })
    for (const one of leased) {
      const run = attempt(one)
        .catch(onError)
        .finally(() => {
          underWay.delete(run)
          alarm.wake()
        })
      underWay.add(run)
    }
  }
  async function look(): Promise<void> {
    await collector.write().catch(onError)
    try {
      const limit = LIMITS.webhookFanOut
      while ((await store.fanOut({ limit, atMs: nowMs() })) === limit);
      await leaseSome()
    } catch (error) {
      onError(error)
    }
  }
  const alarm = createTimerAlarm({ look, intervalMs: everyMs })
  const stopCounting = repeat({
    everyMs: LIMITS.webhookCountMs,
    run: async () => metrics.setWebhooks({ counts: await store.count(), nowMs: nowMs() }),
    onError,
  })

  return {
    sink: {
      note(event) {
        // Whatever is wrong with an alert, its cause goes on.
        try {
          collector.note(event)
        } catch (error) {
          onError(error)
        }
      },
    },
    subscriptions: createSubscriptions({ store, seal, isDev, resolve, nowMs, wake: alarm.wake }),
    ...(key ? { keys: [key.publicKey] } : {}),
    wake: alarm.wake,
    close: async () => {
      await Promise.all([alarm.close(), stopCounting()])
      await collector.writeAll().catch(onError)
      const patience = setTimeout(() => stopping.abort(), LIMITS.webhookStopMs)
      await Promise.all(underWay)
      clearTimeout(patience)
    },
  }
}
