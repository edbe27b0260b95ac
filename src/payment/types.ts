import type { Atomic, PicoUsd } from '../lib/money.ts'

export type Hex = `0x${string}`
/** 20 bytes, lower case everywhere inside the house; checksummed only on the wire. */
export type Address = Hex
/** CAIP-2, e.g. `eip155:84532`. */
export type Network = `eip155:${number}`

export const SCHEMES = ['batch-settlement', 'upto', 'exact'] as const
export type Scheme = (typeof SCHEMES)[number]

/** A token's own EIP-712 domain. */
export type TokenDomain = {
  readonly name: string
  readonly version: string
  /** The chain id stands in `salt`, as 32 bytes, and there is no field `chainId`: Polygon's bridged tokens are built so. */
  readonly isSalted?: true
}

/** A token that we take. One row in payment/tokens/tokens or in the operator's file. */
export type Asset = {
  readonly network: Network
  readonly address: Address
  readonly symbol: string
  readonly decimals: number
  /** How the payer authorises: EIP-3009 where the token has it, else Permit2. `upto` is always Permit2. */
  readonly transfer: 'eip3009' | 'permit2'
  /** Only of tokens that have one. */
  readonly eip712?: TokenDomain
  /** Nobody has compared this row with the chain yet: the start does, and leaves the token out where they differ. */
  readonly isUnconfirmed?: true
}

/** What this server offers: its addresses, tokens and fees. Built once at the start, from config. */
export type Terms = {
  /** Cold address: receives channels' settlements and `upto`. */
  readonly payTo: Address
  /** Hot address with a capped float: receives `exact`, pays refunds. */
  readonly till: Address
  /** The key that settles `upto`: x402's facilitator. */
  readonly signer: Address
  readonly receiverAuthorizer: Address
  readonly withdrawDelaySeconds: number
  /** Announced smallest deposit, in USD. */
  readonly minDepositPicoUsd: PicoUsd
  readonly maxTimeoutSeconds: number
  readonly uptoTimeoutSeconds: number
  readonly assets: readonly Asset[]
  readonly schemes: readonly Scheme[]
  /** Expected gas of one settlement in USD; 0 for channels. */
  readonly settlementFees: readonly {
    readonly network: Network
    readonly scheme: Scheme
    readonly feePicoUsd: PicoUsd
  }[]
  /** Where set: schemes whose fee is a larger share of the estimate (basis points) are not offered. */
  readonly maxFeeShareBps?: number
  /** Where set: payers without an allowance for Permit2 may send a permit of the token, whose gas is on us. */
  readonly sponsorsPermits?: true
  /** Where set: they may send their signed `approve` as well, for tokens without permits. */
  readonly sponsorsApprovals?: true
}

/** One entry of `accepts`: x402 v2's PaymentRequirements. */
export type Offer = {
  readonly scheme: Scheme
  readonly network: Network
  /** Atomic units, decimal. */
  readonly amount: string
  /** Checksummed address. */
  readonly asset: string
  readonly payTo: string
  readonly maxTimeoutSeconds: number
  readonly extra: Readonly<Record<string, unknown>>
}

/** What a signed quote says. It is carried by the client; nothing of it is stored until admission. */
export type Quote = {
  /** UUIDv7: the identity of a channel call. */
  readonly nonce: string
  /** HMAC-SHA256 under a server key over method, path and raw body, 32 bytes as base64url. */
  readonly requestHash: string
  readonly ceilingPicoUsd: PicoUsd
  readonly priceBook: string
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number
  /** The endpoints that were quoted, in the order of trial: their places in the price book. */
  readonly plan?: readonly number[]
}

export type ChannelConfig = {
  readonly payer: Address
  readonly payerAuthorizer: Address
  readonly receiver: Address
  readonly receiverAuthorizer: Address
  readonly token: Address
  readonly withdrawDelay: number
  readonly salt: Hex
}

export type Voucher = { readonly maxAtomic: Atomic; readonly signature: Hex }

export type Deposit = { readonly amountAtomic: Atomic; readonly signature: Hex } & (
  | {
      readonly method: 'eip3009'
      readonly validAfter: number
      readonly validBefore: number
      readonly salt: Hex
      /** The EIP-3009 nonce that the collector derives from channel and salt. */
      readonly nonce: Hex
    }
  | { readonly method: 'permit2'; readonly nonce: bigint; readonly deadline: number }
)

type Checked = {
  readonly x402Version: 1 | 2
  readonly network: Network
  readonly asset: Asset
  readonly payer: Address
  /** The offer that was accepted, as we would build it now (v1: the `exact` offer of the request). */
  readonly offer: Offer
  /** What may be charged at most, fee included. */
  readonly ceilingAtomic: Atomic
  /** The settlement fee inside the ceiling. */
  readonly feePicoUsd: PicoUsd
  /** Absent on the v1 wire, which cannot echo it. */
  readonly quote?: Quote
}

export type VoucherPayment = Checked &
  Sponsored & {
    readonly kind: 'voucher'
    readonly scheme: 'batch-settlement'
    readonly channelId: Hex
    readonly config: ChannelConfig
    readonly voucher: Voucher
    readonly deposit?: Deposit
  }

/** A permit of the token (EIP-2612) that lets Permit2 move exactly what a payment moves at most; its gas is on us. */
export type SponsoredPermit = {
  /** Seconds since 1970. */
  readonly deadline: number
  readonly signature: Hex
}

/** The payer's own `approve` of Permit2, signed and not sent: its gas is on us. Only settlement looks into its bytes. */
export type SponsoredApproval = { readonly raw: Hex }

/** What may come beside a payment through Permit2 whose payer has allowed it nothing yet. */
export type Sponsored = {
  readonly sponsoredPermit?: SponsoredPermit
  readonly sponsoredApproval?: SponsoredApproval
}

export type UptoPayment = Checked &
  Sponsored & {
    readonly kind: 'upto'
    readonly scheme: 'upto'
    readonly nonce: bigint
    readonly permittedAtomic: Atomic
    /** Seconds since 1970. */
    readonly validAfter: number
    readonly deadline: number
    readonly signature: Hex
  }

export type ExactPayment = Checked &
  Sponsored & {
    readonly kind: 'exact'
    readonly scheme: 'exact'
    readonly valueAtomic: Atomic
    readonly validAfter: number
    readonly validBefore: number
    readonly signature: Hex
  } & (
    | { readonly method: 'eip3009'; readonly nonce: Hex }
    | { readonly method: 'permit2'; readonly nonce: bigint }
  )

/** Credit that the payer has here already; its proof is a signed sign-in that names the quote. */
export type CreditPayment = {
  readonly kind: 'credit'
  readonly scheme: 'credit'
  readonly x402Version: 2
  readonly network: Network
  readonly asset: Asset
  readonly payer: Address
  readonly ceilingAtomic: Atomic
  /** Nothing is moved on chain. */
  readonly feePicoUsd: 0n
  readonly quote: Quote
}

/** A stock client's `scheme.refund(url)`: not a call, but an order to close or shrink a channel. */
export type RefundPayment = Omit<Checked, 'ceilingAtomic' | 'feePicoUsd'> & {
  readonly kind: 'refund'
  readonly scheme: 'batch-settlement'
  readonly channelId: Hex
  readonly config: ChannelConfig
  readonly voucher: Voucher
  /** Absent: everything that is left. */
  readonly amountAtomic?: Atomic
}

export type CallPayment = VoucherPayment | UptoPayment | ExactPayment | CreditPayment
export type CheckedPayment = CallPayment | RefundPayment

/** The part of a channel's row that the admission rule reads (x402-client-behaviour: balance, charged, held, H, turn). */
export type ChannelState = {
  /** Confirmed on chain: the contract's own number; claims do not reduce it, refunds do. */
  readonly balanceAtomic: Atomic
  /** Sum of final charges. */
  readonly chargedAtomic: Atomic
  /** Sum of the ceilings of calls in flight. */
  readonly heldAtomic: Atomic
  readonly claimedAtomic: Atomic
  /**
   * The highest voucher when a claim was last signed. Claims put vouchers on chain, where anybody can copy them: only vouchers
   * above this one are the payer's own word. Absent: 0, none was published.
   */
  readonly publishedAtomic?: Atomic
  /** The highest voucher accepted so far. */
  readonly highest?: Voucher
  /** At most one corrected client at a time. */
  readonly turn?: Turn
  /** Seconds since 1970; 0 while no withdrawal has been requested. */
  readonly withdrawRequestedAt: number
  readonly refundNonce: bigint
}

export type Turn = {
  readonly payer: Address
  /** Nonces of the quotes that belong to this turn: the first 402's and the corrective's. */
  readonly quoteNonces: readonly string[]
  readonly reservedAtomic: Atomic
  readonly expiresAtMs: number
}

/** What a v2 client says that it accepts; nothing of it is believed before it is compared with an own offer. */
export type AcceptedOffer = {
  readonly scheme: Scheme
  readonly network: Network
  /** The most that the call may be charged, in atomic units of the asset. */
  readonly amountAtomic: Atomic
  readonly asset: Address
  readonly payTo: Address
  readonly maxTimeoutSeconds: number
  readonly extra: Readonly<Record<string, unknown>>
}
