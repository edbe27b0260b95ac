import { Counter, Gauge, type Registry } from 'prom-client'
import type { AttemptOutcome, OutboxCounts } from '../call/outbox-ports.ts'

/** Alerts on their way out. */
export function createWebhookMetrics({ registers }: { registers: Registry[] }) {
  const deliveries = new Gauge({
    name: 'turnpike_webhook_deliveries',
    help: 'Deliveries of alerts of all instances that wait, and that were given up.',
    labelNames: ['state'],
    registers,
  })
  const oldest = new Gauge({
    name: 'turnpike_webhook_oldest_waiting_seconds',
    help: 'Age of the oldest delivery that waits; 0 without one.',
    registers,
  })
  const attempts = new Counter({
    name: 'turnpike_webhook_attempts_total',
    help: 'Attempts of this instance to deliver an alert, by what followed.',
    labelNames: ['outcome'],
    registers,
  })
  const dropped = new Counter({
    name: 'turnpike_alerts_dropped_total',
    help: 'Alerts that this instance had no room for.',
    labelNames: ['type'],
    registers,
  })
  return {
    countWebhookAttempt: (outcome: AttemptOutcome['kind']) => attempts.inc({ outcome }),
    countDroppedAlert: (type: string) => dropped.inc({ type }),
    setWebhooks({ counts, nowMs }: { counts: OutboxCounts; nowMs: number }) {
      deliveries.set({ state: 'waiting' }, counts.waiting)
      deliveries.set({ state: 'dead' }, counts.dead)
      oldest.set((nowMs - (counts.oldestWaitingAtMs ?? nowMs)) / 1_000)
    },
  }
}

export type WebhookMetrics = ReturnType<typeof createWebhookMetrics>
