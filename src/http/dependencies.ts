import type { Request } from 'express'
import type { CallDependencies } from '../call/dependencies.ts'
import type { FeedbackStore } from '../call/feedback-ports.ts'
import type { GovernDependencies } from '../call/govern/dependencies.ts'
import type { RecordedCall } from '../call/serve/record.ts'
import type { OrganizationStore } from '../call/organization-ports.ts'
import type { WebhookKey } from '../call/outbox-ports.ts'
import type { Authenticate } from '../call/rules-ports.ts'
import type { CallRecord } from '../call/types.ts'
import type { PicoUsd } from '../lib/money.ts'
import type { Address, Hex } from '../payment/types.ts'
import type { UsageWatch } from '../call/watch/watch-usage.ts'
import type { SettlementDependencies } from '../settlement/dependencies.ts'
import type { Refund } from '../settlement/types.ts'
import type { Finding } from '../settlement/reconcile/types.ts'
import type { SignInEdge } from './sessions/edge.ts'
import type { AddressWindow } from './request/address-window.ts'

/** One line of /readyz. */
export type ReadinessCheck = {
  readonly name: string
  readonly ok: boolean
  readonly durationMs: number
  readonly detail?: string
}

/** What the server needs of the rest, joined once by app.ts. */
export type HttpDependencies = {
  readonly call: CallDependencies
  readonly settlement: SettlementDependencies
  readonly payers: PayerQueries
  readonly organizations: Pick<OrganizationStore, 'getBalance' | 'creditFromPayer'>
  /** Calls without a price, per address. */
  readonly freeCalls: AddressWindow
  /** Requests on paid paths that were not admitted, per address. */
  readonly unpaid: AddressWindow
  /** Words on answers, per address. */
  readonly feedback: AddressWindow
  readonly words: Pick<FeedbackStore, 'putWord'>
  /** Proxies in front whose word on the caller's address counts. */
  readonly trustedProxies: number
  /** Signs receipts and offers for those who ask: the key whose address is `receiverAuthorizer` of the offers. */
  readonly receiptKey: Hex
  /** Origin under which the caller reached us. */
  readonly publicUrl: (request: Request) => string
  /** The same where it is known to be ours, and not only what the request says: who signs in signs for it. */
  readonly ownOrigin: (request: Request) => string | undefined
  /** Takes a finished call for log and metrics. */
  readonly onRecorded: (call: RecordedCall) => void
  /** Looks at what the provider counted, after the last byte; the text is for this look and is kept nowhere. */
  readonly onDelivered: UsageWatch['take']
  readonly onError: (failure: { error: unknown; requestId: string; path: string }) => void
  readonly checkReadiness: () => Promise<readonly ReadinessCheck[]>
  readonly readMetrics: () => Promise<{ readonly contentType: string; readonly text: string }>
  /** What receivers of alerts verify with; absent: the operator signs with no key of its own. */
  readonly webhookKeys?: readonly WebhookKey[]
  readonly adminToken?: string
  readonly admin: AdminReads
  /** How members sign in; absent: nobody does. */
  readonly signIn?: SignInEdge
  /** Organisations and what belongs to them. Without `authenticate` only the operator administers. */
  readonly administration: GovernDependencies & { readonly authenticate?: Authenticate }
}

/** What was used of one model on one day. */
export type UsageRow = {
  /** In UTC: `2026-11-27`. */
  readonly day: string
  readonly modelId: string
  readonly calls: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly chargePicoUsd: PicoUsd
}

/** What a payer may read of itself. */
export type PayerQueries = {
  /** Newest first. */
  readonly listCalls: (query: {
    readonly payerId: string
    readonly limit: number
    readonly after?: string
  }) => Promise<readonly CallRecord[]>
  /** What calls of a payer have come to, by day (UTC) and model, the newest first; of one principal where it is named. */
  readonly listUsage: (query: {
    readonly payerId: string
    readonly principalId?: string
    readonly sinceMs: number
  }) => Promise<readonly UsageRow[]>
  readonly listWithdrawals: (query: { readonly payer: Address }) => Promise<readonly Refund[]>
}

/** The operator's reads and orders; what is `unknown` here is JSON already. */
export type AdminReads = {
  readonly getTrialBalance: () => Promise<unknown>
  readonly checkLedger: () => Promise<unknown>
  readonly reconcile: () => Promise<unknown>
  readonly settleNow: () => Promise<unknown>
  readonly listFindings: (page: {
    readonly state?: 'open' | 'closed'
    readonly after?: string
    readonly before?: string
    readonly order: 'asc' | 'desc'
    readonly limit: number
  }) => Promise<{ readonly findings: readonly Finding[]; readonly hasMore: boolean }>
  readonly closeFinding: (request: {
    readonly id: string
    readonly reason: string
  }) => Promise<Finding | 'unknown' | 'closed'>
}
