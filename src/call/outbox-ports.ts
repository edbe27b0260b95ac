import type { AlertEvent } from '../governance/alerts/events.ts'
import type { Delivery, Tenant, Webhook } from './admin-ports.ts'

/** Takes alerts that are no part of a commit. Never waits, never throws: what a call does must not depend on who is told of it. */
export type AlertSink = { readonly note: (event: AlertEvent) => void }

/** A delivery that this instance may make until its lease is over, with all that it takes. */
export type LeasedDelivery = {
  readonly delivery: Delivery
  readonly event: AlertEvent
  readonly webhook: Webhook
}

/** How an attempt ended: an HTTP status, or a code of ours where there was none. Never what the receiver said. */
export type AttemptFacts = { readonly status?: number; readonly errorCode?: string }

export type AttemptOutcome = AttemptFacts &
  (
    | { readonly kind: 'delivered' }
    /** `holdsAll`: the receiver wants nothing at all before that. */
    | { readonly kind: 'again'; readonly nextAtMs: number; readonly holdsAll?: true }
    /** Nobody tries again by itself. */
    | { readonly kind: 'dead' }
    /** The receiver says that it is gone: the subscription is switched off. */
    | { readonly kind: 'gone' }
  )

/** What is waiting, and what was given up, of all organisations. */
export type OutboxCounts = {
  readonly waiting: number
  readonly dead: number
  /** When the oldest that waits was made; absent where none waits. */
  readonly oldestWaitingAtMs?: number
}

/** Alerts on their way out. Events, deliveries and subscriptions are listed by the AdminStore. */
export type OutboxStore = {
  /** The same event again is the same row. */
  readonly append: (events: readonly AlertEvent[]) => Promise<void>
  /**
   * Changes a fact about the whole service, and appends what follows from the change, in one commit. Whoever decides meanwhile waits.
   *
   * @param decide given what was (undefined: nothing), gives what is to be, or undefined where nothing changes. It may run twice.
   */
  readonly changeFact: (change: {
    readonly key: string
    readonly decide: (
      before: unknown,
    ) => { readonly value: unknown; readonly events: readonly AlertEvent[] } | undefined
  }) => Promise<boolean>
  /**
   * Makes one delivery of each waiting event for each subscription of its organisation that lives, is switched on and wants its kind.
   * An event of no organisation goes to the subscriptions of `public`, which are the operator's.
   *
   * @returns the number of events that were done; below `limit` no more are waiting.
   */
  readonly fanOut: (request: { readonly limit: number; readonly atMs: number }) => Promise<number>
  /** Takes what is due: each delivery once, whoever asks. What has no subscription any more is given up. */
  readonly lease: (request: {
    readonly limit: number
    /** At once for one subscription, over all instances: a slow receiver must not keep the others waiting. */
    readonly perWebhook: number
    readonly atMs: number
    readonly untilMs: number
  }) => Promise<readonly LeasedDelivery[]>
  /** False where the lease was lost meanwhile: then nothing is written. */
  readonly endAttempt: (end: {
    readonly delivery: Pick<Delivery, 'id' | 'version'>
    readonly outcome: AttemptOutcome
    readonly atMs: number
  }) => Promise<boolean>
  /**
   * The same delivery anew, from its first attempt on.
   *
   * @throws TurnpikeError `delivery_not_found`; `webhook_switched_off` where nobody takes it; `delivery_under_way`.
   */
  readonly replay: (request: {
    readonly tenant: Tenant
    readonly id: string
    readonly atMs: number
  }) => Promise<Delivery>
  /** An event for one subscription alone, on its way at once. */
  readonly appendFor: (request: {
    readonly event: AlertEvent
    readonly webhookId: string
    readonly atMs: number
  }) => Promise<Delivery>
  readonly count: () => Promise<OutboxCounts>
}

/** The public half of the operator's signing key: a JSON Web Key (RFC 8037), and the same in the spelling of Standard Webhooks. */
export type WebhookKey = {
  readonly kty: 'OKP'
  readonly crv: 'Ed25519'
  readonly x: string
  readonly use: 'sig'
  readonly alg: 'EdDSA'
  readonly whpk: string
}

/** What is shown once, when a subscription's secret is made, and what is kept of it. */
export type MadeSecret = { readonly secret: string; readonly sealedSecret: string }

/** What the operator API needs to make and to look after subscriptions. Rows are written by the AdminStore's commit. */
export type Subscriptions = {
  /**
   * Whether alerts may be sent there.
   *
   * @throws TurnpikeError `invalid_webhook_url`, `webhook_address_refused`, `webhook_host_unknown`.
   */
  readonly checkUrl: (url: string) => Promise<void>
  /** @throws TurnpikeError `webhooks_not_configured` where the server has no secret that outlives it. */
  readonly makeSecret: (webhookId: string) => MadeSecret
  /** A new secret; the one before signs beside it for a day. `sealedEarlierSecret` and `sealedSecret` go into the row. */
  readonly rotateSecret: (webhook: Webhook) => MadeSecret & { readonly sealedEarlierSecret: string }
  /**
   * Sends a `webhook.test` event to one subscription.
   *
   * @throws TurnpikeError `webhook_switched_off`.
   */
  readonly sendTest: (webhook: Webhook) => Promise<Delivery>
  /** As {@link OutboxStore.replay}, and at once. */
  readonly replay: (request: { readonly tenant: Tenant; readonly id: string }) => Promise<Delivery>
}
