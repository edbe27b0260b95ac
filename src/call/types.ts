import type { Endpoint, Model } from '../catalog/types.ts'
import type { ChatRequest } from '../chat/types.ts'
import type { Usage } from '../chat/usage.ts'
import type { Scope } from '../governance/budgets/admit.ts'
import type { USD_MONEY } from '../ledger/accounts.ts'
import type { ErrorCode } from '../lib/errors/registry.ts'
import type { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import type { Atomic, PicoUsd } from '../lib/money.ts'
import type {
  Address,
  CallPayment,
  ChannelConfig,
  ChannelState,
  Hex,
  Network,
  Scheme,
  Voucher,
} from '../payment/types.ts'
import type { StoredDecision } from '../routing/explanation.ts'
import type { Decision } from '../routing/decision.ts'
import type { UptoAuthorization } from '../settlement/upto-authorization.ts'
import type { BudgetTerms, CallBudgets } from './budget-ports.ts'
import type { GovernedCaller } from './rules-ports.ts'

/** Whose money: a wallet, or an organisation's balance. */
export type Payer = { readonly kind: 'wallet' | 'organization'; readonly id: string }

/** 1: the request has been read; nothing is decided. */
export type ReceivedCall = {
  readonly callId: string
  readonly requestId: string
  readonly path: string
  readonly request: ChatRequest
  /** HMAC under a server key over method, path and raw body, base64url: the only trace of the body. */
  readonly requestHash: string
  readonly receivedAtMs: number
  /** The OpenAI SDK's `x-stainless-retry-count`. */
  readonly retryCount: number
  /** SHA-256 of the body, for a caller that wants its receipt signed; never stored. */
  readonly bodyDigest?: Hex
  /** The caller's own name for this request: `Idempotency-Key`, or x402's payment-identifier. */
  readonly idempotencyId?: string
  /** The caller does not want its answer to be looked at, nor to be one that others are tried on. */
  readonly feedback?: 'off'
  /** Who says it will pay; nothing but the choice of a model may rest on it. */
  readonly claimedPayer?: Payer
  readonly organizationId?: string
  readonly principalId?: string
  readonly keyId?: string
  /** Whose rules bind it. */
  readonly caller?: GovernedCaller
}

/** 2: where it would go, and what it would cost at most. */
export type PlannedCall = ReceivedCall & {
  readonly model: Model
  /** In the order of trial. */
  readonly candidates: readonly [Endpoint, ...Endpoint[]]
  readonly strategy: string
  readonly reason: string
  readonly outputCap: number
  readonly inputBoundTokens: number
  readonly estimatePicoUsd: PicoUsd
  readonly ceilingPicoUsd: PicoUsd
  /** The ceiling of the same plan with another cap: it grows evenly with it. */
  readonly ceilingAt: (outputCap: number) => PicoUsd
  /** Where the ceiling is above what stock clients pay: the largest output cap whose ceiling is not. */
  readonly fittingOutputCap?: number
  /** A stream that breaks is gone on with elsewhere: the caller asked for it, and the ceiling has it. */
  readonly continues?: true
  readonly priceBook: string
  /** The candidates' places in the price book: with the quote they come back. */
  readonly places?: readonly number[]
  /** Everything about the choice that can be told. */
  readonly decision?: Decision
  /** What it counts for; absent where there is none. */
  readonly budgets?: CallBudgets
  /** The cap that it would have where a budget had room for it. */
  readonly clampedFrom?: number
  /** Soft budgets that it goes beyond, as they stood before it. */
  readonly exceeded?: readonly Scope[]
  /** Its run in USD, as it stood when the call was planned. */
  readonly run?: Scope
  /** Of the payer and its own name for the request, once the payer is known. */
  readonly idempotencyKey?: string
}

/** A hold over one scope: an account of the ledger that must be able to carry it. */
export type Hold = {
  /** Ledger id (DESIGN 8: one per network and token, `usd` for provider cost and balances). */
  readonly ledger: string
  /** Account path, e.g. `channel:0x…`, `payer:0x…:credit`, `receivable:0x…`. */
  readonly account: string
  readonly amount: bigint
  /** Holds of budgets only: by what the account is judged, and opened where it is not there yet. */
  readonly budget?: BudgetTerms
}

/** The row of W1: claim, holds and first attempt of one call in one write. */
export type Admission = {
  readonly callId: string
  readonly paymentKey: Uint8Array
  readonly scheme: Scheme | 'credit' | 'free'
  /** Of the token that pays; {@link USD_MONEY} where an organisation's balance does. */
  readonly network: Network | typeof USD_MONEY.network
  readonly asset: Address | typeof USD_MONEY.asset
  readonly decimals: number
  readonly payer: Payer
  readonly organizationId?: string
  readonly principalId?: string
  readonly keyId?: string
  /** Where a voucher of the key calls: its links, from the one that was handed out to the narrowest. */
  readonly voucherIds?: readonly string[]
  /** The payment's hold first, then those of the budgets. Empty for a call without a price. */
  readonly holds: readonly Hold[]
  readonly ceilingAtomic: Atomic
  readonly feePicoUsd: PicoUsd
  readonly requestHash: string
  readonly requestId: string
  readonly modelId: string
  readonly endpointId: string
  readonly providerId: string
  readonly region: string
  readonly strategy: string
  readonly priceBook: string
  /** Why it goes there: names of the catalogue and numbers, nothing of the request. */
  readonly decision?: StoredDecision
  readonly outputCap: number
  readonly estimatedCostPicoUsd: PicoUsd
  readonly streamed: boolean
  /** Unique: the payer and its own name for the request, under a server key. */
  readonly idempotencyKey?: string
  readonly atMs: number
  /** Channels: what the admission rule reads. */
  readonly channel?: ChannelHold
  /** `upto`: what the settlement will need. */
  readonly authorization?: UptoAuthorization
  /** Exposure accounts only: what the receivable may reach, given the payer's mirrored balance and the cap. */
  readonly exposureLimitAtomic?: Atomic
}

/** What the admission rule reads of a voucher payment, under the lock of the channel's row. */
export type ChannelHold = {
  readonly id: Hex
  readonly config: ChannelConfig
  readonly payer: Address
  readonly voucher: Voucher
  readonly quoteNonce: string
  /** The nonce of the quote that a corrective answer would carry: it joins the turn. */
  readonly newQuoteNonce: string
  /** What the channel may owe, charged and held, before a claim. */
  readonly unclaimedLimitAtomic: Atomic
  /** What the payment's deposit would add, where it could still be executed. */
  readonly depositAtomic?: Atomic
}

export type AdmitOutcome =
  | {
      readonly kind: 'admitted'
      readonly channel?: ChannelState
      /** Soft and observed budgets that the call goes beyond, as they stood before it. */
      readonly exceeded?: readonly Scope[]
    }
  /** The payment key is taken; the call that has it. */
  | { readonly kind: 'duplicate'; readonly call: CallRecord }
  /** One of the scopes cannot carry its hold. */
  | { readonly kind: 'refused'; readonly account: string; readonly availableAtomic: bigint }
  /** A hard budget has no room for the call. All its budgets as they stand, for governance's rule: wait, clamp or refuse. */
  | { readonly kind: 'over_budget'; readonly scopes: readonly Scope[] }
  /** The call meant to open a run, and another one has opened it meanwhile with another limit. */
  | { readonly kind: 'opened_otherwise'; readonly terms: BudgetTerms; readonly limit: bigint }
  /** An earlier `upto` settlement of this payer has failed: only what is paid in advance is served. */
  | { readonly kind: 'deposits_only' }
  /** The channel owes so much that its claim comes first. */
  | { readonly kind: 'unclaimed' }
  /** Another client has the channel's turn. */
  | { readonly kind: 'wait'; readonly untilMs: number }
  /** The voucher does not cover the call; the turn is this client's now, or has just been used up. */
  | { readonly kind: 'corrective'; readonly channel: ChannelState }
  /** The balance does not suffice and the payment carries a deposit: this call has the turn until it is funded. */
  | { readonly kind: 'deposit' }
  /** The payer has begun to withdraw from the channel. */
  | { readonly kind: 'withdrawing' }
  /** The channel has no row and the payment no deposit: nothing was ever deposited. */
  | { readonly kind: 'unknown_channel' }

/** 3: the hold is durable; the payment is what the receipt will need. */
export type AdmittedCall = PlannedCall & {
  readonly admission: Admission
  /** Absent for a call without a price. */
  readonly payment?: CallPayment
  /** The transaction of a deposit or of `exact`, where one was made for this call. */
  readonly fundingTransaction?: Hex
  /** The channel at admission. */
  readonly channel?: ChannelState
}

export type Attempt = {
  readonly callId: string
  readonly number: number
  readonly endpointId: string
  readonly providerId: string
  readonly region: string
  readonly atMs: number
  readonly estimatedCostPicoUsd: PicoUsd
}

/** 4: the upstream has ended and the money is known. */
export type FinishedCall = AdmittedCall & {
  readonly capture: Capture
  /** Why nothing, or not everything, was delivered. */
  readonly failure?: TurnpikeError
  /** How often the answer was gone on with elsewhere; absent for none. */
  readonly continuations?: number
}

export type Outcome = 'completed' | 'interrupted' | 'aborted' | 'failed' | 'abandoned'

/** The row of W3. A charge of 0 voids the holds. */
export type Capture = {
  readonly callId: string
  readonly outcome: Outcome
  readonly chargeAtomic: Atomic
  readonly chargePicoUsd: PicoUsd
  readonly costPicoUsd: PicoUsd
  readonly usage: Usage
  /** Counted by our tokenizer because the provider said nothing. */
  readonly usageEstimated: boolean
  readonly endpointId: string
  readonly providerId: string
  readonly finishReason?: string
  readonly errorCode?: ErrorCode
  /** Whether the last byte is about to be handed over; a caller that hung up has it false. */
  readonly delivered: boolean
  readonly firstContentMs?: number
  readonly totalMs: number
  readonly atMs: number
}

/** What came of the capture: the channel as it is now, or the capture that was there already. */
export type Captured = { readonly channel?: ChannelState; readonly capture: Capture }

export type CallState = 'forwarding' | 'captured' | 'released' | 'signed' | 'seen' | 'final' | 'written-off'

/** A call as the database knows it. */
export type CallRecord = {
  readonly callId: string
  readonly state: CallState
  readonly admission: Omit<Admission, 'paymentKey' | 'holds' | 'channel' | 'authorization'>
  readonly channelId?: Hex
  readonly capture?: Capture
  /** The settlement's transaction, once one covers this call. */
  readonly transaction?: Hex
}
