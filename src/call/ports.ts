import type { Endpoint } from '../catalog/types.ts'
import type { PrefixStyle, UpstreamDialect } from '../chat/dialect-limits.ts'
import type { StreamPart, UpstreamEnd } from '../chat/types.ts'
import type { Address, Asset, ChannelState, Network } from '../payment/types.ts'
import type { SharedState } from '../routing/health/endpoint-state.ts'
import type { Admission, AdmitOutcome, Attempt, CallRecord, Capture, Captured } from './types.ts'

/** The durable side of a call. Every promise resolves after the commit. */
export type CallStore = {
  /** W1: one unique payment key and N holds over N scopes, in one commit shared by the calls of the moment. */
  readonly admit: (admission: Admission) => Promise<AdmitOutcome>
  /** A failover's row (W2); the first attempt is in the admission's row. */
  readonly appendAttempt: (attempt: Attempt) => Promise<void>
  /** W3: post or void the holds and leave the settlement intent, in one commit. Idempotent by call id. */
  readonly capture: (capture: Capture) => Promise<Captured>
  readonly getCall: (callId: string) => Promise<CallRecord | undefined>
  /**
   * The call that was made under this idempotency key; or that of this payer with this request hash that runs, or ended undelivered
   * after `sinceMs`.
   */
  readonly findCall: (
    query:
      | { readonly idempotencyKey: string }
      | { readonly payerId: string; readonly requestHash: string; readonly sinceMs: number },
  ) => Promise<CallRecord | undefined>
  readonly getChannel: (query: { network: Network; channelId: string }) => Promise<ChannelState | undefined>
  /** Gives up a turn that was taken for a deposit and did not end in an admission. */
  readonly endTurn: (query: { network: Network; channelId: string; quoteNonce: string }) => Promise<void>
  /** Calls of instances whose lease has run out: to be released (crash between W1 and W3). */
  readonly listAbandoned: (query: { nowMs: number; limit: number }) => Promise<readonly CallRecord[]>
}

export type UpstreamRequest = {
  readonly endpoint: Endpoint
  /** Absent: a chat completion. */
  readonly kind?: 'embedding'
  /** The body to send, already in the upstream's dialect. */
  readonly body: string
  readonly stream: boolean
  /** Sent as `x-request-id`, so that the provider's log and ours can be laid side by side. */
  readonly requestId?: string
  /** Aborted when the caller hangs up or the call's time is over. */
  readonly signal: AbortSignal
  /** Called for every part in order; a returned promise holds the upstream back. Not streamed: one `finish` part. */
  readonly onPart: (part: StreamPart) => void | Promise<void>
}

/**
 * The way to the providers. Throws a TurnpikeError (`upstream_*`) while nothing has been handed on; after the first content
 * it resolves, and the end says what happened.
 */
export type Upstreams = {
  readonly dispatch: (request: UpstreamRequest) => Promise<UpstreamEnd>
  readonly isReachable: (providerId: string) => boolean
  /** What is spoken there; OpenAI's dialect where nothing is known. */
  readonly dialectOf: (endpoint: Pick<Endpoint, 'providerId' | 'dialect'>) => UpstreamDialect
  /** How an answer that broke off elsewhere can be gone on with there; undefined where that is not known. */
  readonly prefixAt: (endpoint: Pick<Endpoint, 'providerId' | 'dialect'>) => PrefixStyle | undefined
}

/** What one instance knows of one endpoint, as it last told. */
export type HealthRow = SharedState & {
  readonly endpointId: string
  readonly instance: string
  readonly atMs: number
}

/** Where instances tell one another how endpoints are. Nobody waits for it: what is lost is learned again. */
export type HealthStore = {
  /** One row per endpoint and instance; the newest stays. */
  readonly put: (rows: readonly HealthRow[]) => Promise<void>
  /** Of all instances, this one's own rows and those of processes that have ended included. */
  readonly listSince: (query: { readonly sinceMs: number }) => Promise<readonly HealthRow[]>
}

/** What only the chain knows about a payer, mirrored for `upto`: refreshed by age, never per call. */
export type PayerMirror = {
  readonly getSpendable: (query: { asset: Asset; payer: Address; maxAgeMs: number }) => Promise<{
    readonly balanceAtomic: bigint
    readonly permit2AllowanceAtomic: bigint
  }>
}

export type Clock = {
  readonly nowMs: () => number
  readonly sleep: (durationMs: number, signal?: AbortSignal) => Promise<void>
  readonly random: (byteCount: number) => Uint8Array
  /** The same, for work that a stopping process need not wait for. */
  readonly sleepAside: (durationMs: number) => Promise<void>
}
