import type { Entry } from '../ledger/types.ts'
import type { Atomic } from '../lib/money.ts'
import type {
  Address,
  ChannelConfig,
  Deposit,
  Hex,
  Network,
  SponsoredPermit,
  Voucher,
} from '../payment/types.ts'
import type { UptoAuthorization } from './upto-authorization.ts'

/**
 * One signing key on one chain: its transactions are strictly ordered by nonce. `till` pays refunds and sweeps. `payer` is somebody
 * else's key: its transactions came signed, and are sent and watched like ours.
 */
export type Lane = {
  readonly network: Network
  readonly role: 'signer' | 'till' | 'payer'
  readonly address: Address
}

/** Money that must be on chain before a call is served: a channel's deposit or an `exact` payment (F1). */
export type Funding = {
  readonly id: string
  /** Unique: (network, token, payer, on-chain nonce), hashed. */
  readonly key: Uint8Array
  readonly kind: 'deposit' | 'exact'
  readonly network: Network
  readonly asset: Address
  readonly payer: Address
  readonly amountAtomic: Atomic
  /** Seconds since 1970 until which the chain would take it. */
  readonly expiresAt: number
  readonly authorization: FundingAuthorization
  readonly channel?: { readonly id: Hex; readonly config: ChannelConfig }
  /** `exact` without a call: credit that its payer means to keep, so nothing of it is sent back unasked. */
  readonly isTopUp?: true
}

export type FundingAuthorization =
  | {
      readonly kind: 'deposit'
      readonly deposit: Deposit
      /** A permit of the token that goes first, in the same transaction; over exactly the amount. */
      readonly permit?: SponsoredPermit
    }
  | {
      readonly kind: 'exact'
      readonly method: 'eip3009'
      readonly validAfter: number
      readonly validBefore: number
      readonly nonce: Hex
      readonly signature: Hex
    }
  | {
      readonly kind: 'exact'
      readonly method: 'permit2'
      readonly validAfter: number
      readonly validBefore: number
      readonly nonce: string
      readonly signature: Hex
      /** As a deposit's. */
      readonly permit?: SponsoredPermit
    }

/** A failed one is `lapsed` once it has expired and was looked for on chain a last time. */
export type FundingState = 'reserved' | 'signed' | 'seen' | 'final' | 'failed' | 'lapsed'

export type FundingRow = Funding & {
  readonly atMs: number
  readonly state: FundingState
  readonly transactionId?: string
  /** Of the transaction that brought it: ours, or the adopted one. */
  readonly transactionHash?: Hex
  readonly adopted?: ForeignPayment
  readonly error?: string
}

/** A payment to us that reached the chain in somebody else's transaction: anybody may submit what a payer has signed. */
export type ForeignPayment = {
  readonly transactionHash: Hex
  readonly logIndex: number
  readonly blockNumber: bigint
}

export type ClaimRow = {
  readonly channelId: Hex
  readonly config: ChannelConfig
  readonly voucher: Voucher
  /** Always the sum of charges, never more. */
  readonly totalClaimedAtomic: Atomic
}

/** What a transaction is for. Stored as JSON with decimal strings; holds ids and amounts only. */
export type Purpose =
  | {
      readonly kind: 'deposit' | 'exact'
      readonly fundingId: string
      readonly asset: Address
      readonly payer: Address
      readonly amount: string
      readonly channelId?: Hex
    }
  | {
      readonly kind: 'upto'
      readonly callId: string
      readonly asset: Address
      readonly payer: Address
      readonly amount: string
    }
  | {
      readonly kind: 'claim'
      readonly asset: Address
      readonly rows: readonly {
        readonly channelId: Hex
        readonly totalClaimed: string
        readonly delta: string
      }[]
    }
  | { readonly kind: 'settle'; readonly asset: Address; readonly amount: string }
  | {
      readonly kind: 'channel-refund'
      readonly refundId: string
      readonly asset: Address
      readonly payer: Address
      readonly channelId: Hex
      readonly amount: string
      readonly totalClaimed: string
      readonly claimDelta: string
      readonly refundNonce: string
    }
  | {
      readonly kind: 'credit-refund'
      readonly refundId: string
      readonly asset: Address
      readonly payer: Address
      readonly amount: string
      /** Of a withdrawal that its payer asked for: what it pays for the gas, beside the amount. */
      readonly fee?: string
    }
  | { readonly kind: 'sweep'; readonly asset: Address; readonly amount: string }
  /** A payer's own `approve` of Permit2, over this amount at least. `giftId`: the transaction that gave it the coins for its gas. */
  | {
      readonly kind: 'approval'
      readonly asset: Address
      readonly payer: Address
      readonly amount: string
      readonly giftId?: string
    }
  /** Coins for the gas of a payer's approval. */
  | { readonly kind: 'gas-gift'; readonly asset: Address; readonly payer: Address; readonly wei: string }

/**
 * `signed` until a block has it; then `seen`, or `reverted` where it did not do what it was for. Deep enough these become
 * `final` and `failed`; a reorganisation before that leads back to `signed`.
 */
export type TransactionState = 'signed' | 'seen' | 'reverted' | 'final' | 'failed'

/** W4: signed bytes with their nonce, stored before they are sent; the same bytes may be sent any number of times. */
export type TransactionRow = {
  readonly id: string
  readonly lane: Lane
  readonly nonce: number
  readonly purpose: Purpose
  /** The newest bytes: those with the highest fee. */
  readonly raw: Hex
  readonly hash: Hex
  /** Hashes of earlier bytes with the same nonce and a lower fee; any of them may be the one that is mined. */
  readonly replaced: readonly Hex[]
  readonly state: TransactionState
  /** Whether it was `seen` at any time: then the ledger has its entries, also while a reorganisation has taken it back. */
  readonly wasSeen: boolean
  /** When the newest bytes were signed. */
  readonly signedAtMs: number
  readonly blockNumber?: bigint
  readonly blockHash?: Hex
}

/** A change of one row beside the transaction and its entries, in the same commit. */
export type Effect =
  | {
      readonly kind: 'funding'
      readonly id: string
      readonly state: FundingState
      readonly error?: string
      /** Guard: the row is left as it is unless it is in this state. */
      readonly from?: FundingState
      /** The transaction of somebody else that brought it; null takes such a one back. */
      readonly adopted?: ForeignPayment | null
    }
  | {
      readonly kind: 'settlement'
      readonly callId: string
      readonly state: SettlementState
      readonly error?: string
    }
  | {
      readonly kind: 'refund'
      readonly id: string
      readonly state: RefundState
      readonly error?: string
      /** Of the transaction of somebody else that made it. */
      readonly foreignHash?: Hex
    }
  /** Opens the channel's row where there is none. */
  | {
      readonly kind: 'channel-opened'
      readonly id: Hex
      readonly network: Network
      readonly config: ChannelConfig
    }
  | { readonly kind: 'channel-claimed'; readonly id: Hex; readonly claimedAtomic: Atomic }
  /** A claim that was seen is gone: so much is to be claimed again. */
  | { readonly kind: 'channel-unclaimed'; readonly id: Hex; readonly deltaAtomic: Atomic }
  /** A row of a claim that the contract passed over: this transaction covers nothing of the channel. */
  | { readonly kind: 'claim-passed-over'; readonly transactionId: string; readonly id: Hex }
  | { readonly kind: 'channel-refunded'; readonly id: Hex; readonly refundNonce: bigint }
  | { readonly kind: 'channel-withdrawing'; readonly id: Hex; readonly requestedAt: number }

export type SettlementState = 'due' | 'signed' | 'seen' | 'final' | 'failed'
export type RefundState = 'held' | 'signed' | 'seen' | 'final' | 'failed'

/** An `upto` call whose charge is known and not yet on chain. */
export type DueSettlement = {
  readonly callId: string
  readonly network: Network
  readonly asset: Address
  readonly payer: Address
  readonly amountAtomic: Atomic
  readonly authorization: UptoAuthorization
}

/** A channel with more charged than claimed. */
export type ClaimableChannel = {
  readonly id: Hex
  readonly network: Network
  readonly config: ChannelConfig
  readonly chargedAtomic: Atomic
  readonly heldAtomic: Atomic
  readonly claimedAtomic: Atomic
  /** Sum that signed, unmined claims will add. */
  readonly claimingAtomic: Atomic
  readonly highest: Voucher
  readonly oldestUnclaimedAtMs: number
  readonly withdrawRequestedAt: number
}

export type Refund = {
  readonly id: string
  readonly kind: 'channel' | 'credit'
  readonly network: Network
  readonly asset: Address
  readonly payer: Address
  readonly channelId?: Hex
  /** What the payer receives. */
  readonly amountAtomic: Atomic
  /** What it pays for the gas, where it asked for the transfer itself. */
  readonly feeAtomic?: Atomic
  readonly atMs: number
  readonly state: RefundState
  readonly transactionId?: string
  readonly transactionHash?: Hex
}

/** Credit that lies unused, candidate for a refund by the till. */
export type IdleCredit = {
  readonly network: Network
  readonly asset: Address
  readonly payer: Address
  readonly availableAtomic: Atomic
  /** The last time that the payer's credit moved. */
  readonly lastMovedAtMs: number
}

/** One commit after an observation of the chain: state of the transaction, entries, and what else follows. */
export type SettlementCommit = {
  /** Guard: nothing is written unless the transaction is in one of these states. */
  readonly transaction?: {
    readonly id: string
    readonly from: readonly TransactionState[]
    readonly to: TransactionState
    /** Guard: whether it was seen before. */
    readonly wasSeen?: boolean
    /** Which of its bytes were mined. */
    readonly hash?: Hex
    readonly blockNumber?: bigint
    readonly blockHash?: Hex
    readonly gasUsed?: bigint
    readonly effectiveGasPriceWei?: bigint
    readonly error?: string
  }
  /** Guard: nothing is written unless the account is at rest, and has just so much. */
  readonly atRest?: AccountAtRest
  readonly entries: readonly Entry[]
  readonly effects: readonly Effect[]
}

/** What an account could give back while nothing of it is held or being claimed. */
export type AccountAtRest = {
  readonly ledger: string
  readonly account: string
  readonly availableAtomic: bigint
}
