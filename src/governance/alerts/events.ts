import type { Level } from '../hierarchy/attribution.ts'
import type { BudgetMode, Metric } from '../budgets/types.ts'

/** Amounts are strings: USD decimals of a usd budget, else whole numbers. */
type BudgetFacts = {
  readonly budget_id: string
  readonly scope: Level
  readonly scope_id: string
  readonly metric: Metric
  readonly window: string
  readonly limit: string
  readonly spent: string
  readonly resets_at: string | null
}

/**
 * What each kind of alert says. Never what a call said, and never a foreign error message: ids, codes, amounts and times, so that a payload can
 * be kept anywhere.
 */
export type EventData = {
  'budget.threshold': BudgetFacts & { readonly percent: number }
  'budget.exhausted': BudgetFacts & { readonly percent: number }
  'budget.refused': BudgetFacts & {
    readonly held: string
    readonly needed: string
    /** observe: it would have been refused, had the limit been hard. */
    readonly mode: BudgetMode
    readonly principal_id: string
    readonly key_id: string | null
  }
  'rate.limited': {
    readonly scope: Level
    readonly scope_id: string
    readonly metric: 'requests' | 'tokens' | 'concurrent'
    readonly limit: string
  }
  'policy.refused': {
    readonly code: string
    readonly principal_id: string
    readonly key_id: string | null
    readonly from_scope: Level
    readonly from_id: string
  }
  'settlement.failed': {
    readonly settlement_id: string
    readonly network: string
    readonly asset: string
    readonly amount: string
    readonly reason_code: string
    readonly transaction: string | null
  }
  'endpoint.down': {
    readonly endpoint_id: string
    readonly model: string
    readonly provider: string
    readonly failures: number
    readonly reason_code: string
  }
  'endpoint.up': {
    readonly endpoint_id: string
    readonly model: string
    readonly provider: string
    readonly down_ms: number
  }
  'finding.opened': { readonly finding_id: string; readonly kind: string; readonly subject: string }
  'key.created': {
    readonly key_id: string
    readonly prefix: string
    readonly principal_id: string
    readonly by: string
  }
  'key.revoked': {
    readonly key_id: string
    readonly prefix: string
    readonly principal_id: string
    readonly by: string
  }
  'price.changed': {
    readonly model: string
    readonly provider: string
    readonly price_book: string
    /** USD per million tokens; null: no price. */
    readonly input_was: string | null
    readonly input_is: string | null
    readonly output_was: string | null
    readonly output_is: string | null
  }
  'wallet.flagged': { readonly principal_id: string; readonly verdict: string; readonly list_version: string }
  'audit.checkpoint': { readonly count: number; readonly head: string; readonly merkle_root: string }
  'webhook.switched_off': {
    readonly webhook_id: string
    readonly reason_code: 'gone' | 'failing'
    /** Since when nothing was taken; null where the receiver has said itself that it is gone. */
    readonly failing_since: string | null
  }
  'webhook.test': { readonly webhook_id: string }
}

export type EventType = keyof EventData

/** An alert as it is stored and sent; its `id` is the webhook's, and says the cause, so that one cause is one event. */
export type AlertEvent<Type extends EventType = EventType> = {
  readonly [T in Type]: {
    readonly id: string
    readonly type: T
    readonly organizationId: string | null
    readonly atMs: number
    readonly data: EventData[T]
    /** How many times it happened; above 1 only where events are counted together. */
    readonly count: number
    readonly lastAtMs: number
  }
}[Type]

/** What each kind means, and by what events of one kind are told apart where they are counted together. */
export const EVENT_TYPES: Readonly<
  Record<EventType, { readonly means: string; readonly coalescedBy: readonly string[] | null }>
> = {
  'budget.threshold': {
    means: 'spending has reached a threshold; once per threshold and window',
    coalescedBy: null,
  },
  'budget.exhausted': {
    means: 'spending has reached the limit, or a threshold above it; once per window',
    coalescedBy: null,
  },
  'budget.refused': {
    means: 'a call was refused by a budget, or would have been where the budget only observes',
    coalescedBy: ['budget_id', 'scope_id', 'window', 'mode', 'key_id', 'principal_id'],
  },
  'rate.limited': {
    means: 'a rate limit is reached',
    coalescedBy: ['scope', 'scope_id', 'metric'],
  },
  'policy.refused': {
    means: 'a call was refused by a policy',
    coalescedBy: ['code', 'principal_id', 'key_id', 'from_id'],
  },
  'settlement.failed': { means: 'a settlement has failed for good', coalescedBy: null },
  'endpoint.down': {
    means: "an endpoint's circuit has opened",
    coalescedBy: ['endpoint_id'],
  },
  'endpoint.up': { means: 'an endpoint answers again', coalescedBy: ['endpoint_id'] },
  'finding.opened': { means: 'books, chain or counts differ', coalescedBy: null },
  'key.created': { means: 'a key was made or rotated', coalescedBy: null },
  'key.revoked': { means: 'a key was revoked', coalescedBy: null },
  'price.changed': { means: 'the price of an endpoint has changed', coalescedBy: null },
  'wallet.flagged': { means: 'screening has something against a wallet', coalescedBy: null },
  'audit.checkpoint': { means: 'a signed checkpoint of the audit log was made', coalescedBy: null },
  'webhook.switched_off': {
    means: 'a subscription was switched off, because its receiver is gone or took nothing for five days',
    coalescedBy: null,
  },
  'webhook.test': { means: 'somebody tries a subscription; sent to that one alone', coalescedBy: null },
}

/** The body of a delivery, as Standard Webhooks has it: type, timestamp, data. */
export const eventBody = ({ type, atMs, organizationId, data, count, lastAtMs }: AlertEvent) => ({
  type,
  timestamp: new Date(atMs).toISOString(),
  data: {
    organization_id: organizationId,
    ...data,
    ...(count > 1 ? { count, last_at: new Date(lastAtMs).toISOString() } : {}),
  },
})
