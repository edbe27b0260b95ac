import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client'
import type { RecordedCall } from '../call/serve/record.ts'
import type { Notice } from '../settlement/notice.ts'
import { createHealthMetrics, type HealthMetrics } from './health-metrics.ts'
import { type BookMetrics, createBookMetrics } from './book-metrics.ts'
import { createWebhookMetrics, type WebhookMetrics } from './webhook-metrics.ts'

export type Metrics = BookMetrics &
  HealthMetrics &
  WebhookMetrics & {
    readonly countCall: (call: RecordedCall) => void
    readonly countSettlementFailure: (failure: { network: string; step: string }) => void
    readonly countNotice: (notice: Notice) => void
    readonly countUsageFinding: (subject: string) => void
    readonly read: () => Promise<{ readonly contentType: string; readonly text: string }>
  }

const SECONDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300]

/** Prometheus figures of one process. Labels are ours (model, provider, outcome), never a caller's. */
export function createMetrics(): Metrics {
  const registers = [new Registry()] as const
  const [registry] = registers
  collectDefaultMetrics({ register: registry })
  const calls = new Counter({
    name: 'turnpike_calls_total',
    help: 'Finished calls.',
    labelNames: ['model', 'provider', 'scheme', 'outcome'],
    registers: [...registers],
  })
  const tokens = new Counter({
    name: 'turnpike_tokens_total',
    help: 'Tokens of finished calls.',
    labelNames: ['model', 'kind'],
    registers: [...registers],
  })
  const charged = new Counter({
    name: 'turnpike_charge_usd_total',
    help: 'Sum of charges in USD; the ledger has it to the unit.',
    labelNames: ['model', 'scheme'],
    registers: [...registers],
  })
  const firstContent = new Histogram({
    name: 'turnpike_first_content_seconds',
    help: 'From dispatch to the first content.',
    labelNames: ['model'],
    buckets: SECONDS,
    registers: [...registers],
  })
  const settlementFailures = new Counter({
    name: 'turnpike_settlement_failures_total',
    help: 'Passes of the settlement that failed and will be tried again.',
    labelNames: ['network', 'step'],
    registers: [...registers],
  })
  const notices = new Counter({
    name: 'turnpike_settlement_notices_total',
    help: 'Transactions held back, replaced, reverted, walked back by a reorganisation, adopted, or with a taken nonce.',
    labelNames: ['network', 'kind', 'purpose', 'reason'],
    registers: [...registers],
  })
  const usageFindings = new Counter({
    name: 'turnpike_usage_findings_total',
    help: 'Findings that this instance opened about the counts of an endpoint.',
    labelNames: ['endpoint', 'direction'],
    registers: [...registers],
  })
  return {
    ...createBookMetrics({ registers: [...registers] }),
    ...createHealthMetrics({ registers: [...registers] }),
    ...createWebhookMetrics({ registers: [...registers] }),
    countCall({ model, admission, capture }) {
      const { scheme } = admission
      calls.inc({ model: model.id, provider: capture.providerId, scheme, outcome: capture.outcome })
      tokens.inc({ model: model.id, kind: 'input' }, capture.usage.inputUncached + capture.usage.cacheRead)
      tokens.inc({ model: model.id, kind: 'output' }, capture.usage.outputText + capture.usage.reasoning)
      charged.inc({ model: model.id, scheme }, Number(capture.chargePicoUsd) / 1e12)
      if (capture.firstContentMs !== undefined)
        firstContent.observe({ model: model.id }, capture.firstContentMs / 1_000)
    },
    countSettlementFailure: (failure) => settlementFailures.inc(failure),
    countUsageFinding(subject) {
      const [endpoint = '', direction = ''] = subject.split(' ')
      usageFindings.inc({ endpoint, direction })
    },
    countNotice: ({ reason = '', ...labels }) => notices.inc({ ...labels, reason }),
    read: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  }
}
