import type { Address, Hex } from '../../../../src/payment/types.ts'

/** What a payer's signature lets anybody do once, until a time. */
export type Permission = {
  /** Names the nonce in the contract that keeps it. */
  readonly nonce: string
  /** Seconds since 1970. */
  readonly validAfter: number
  readonly validBefore: number
  /** Permit2 moves within an allowance; a token's own authorisation needs none. */
  readonly isPermit2: boolean
}

export type ClaimOperation = {
  readonly channelId: Hex
  readonly token: Address
  readonly totalClaimed: bigint
  readonly voucherMax: bigint
}

/** A transaction's call, decoded: what the contracts of the simulated chain can do. */
export type Operation =
  | {
      readonly kind: 'deposit'
      readonly token: Address
      readonly payer: Address
      readonly amount: bigint
      readonly channelId: Hex
      readonly permission: Permission
    }
  /** A transfer that the payer has signed for one recipient. */
  | {
      readonly kind: 'pay'
      readonly token: Address
      readonly payer: Address
      readonly to: Address
      readonly amount: bigint
      readonly permitted: bigint
      readonly permission: Permission
      /** The only sender that may submit it. */
      readonly facilitator?: Address
    }
  | { readonly kind: 'claim'; readonly rows: readonly ClaimOperation[] }
  | { readonly kind: 'settle'; readonly token: Address }
  | {
      readonly kind: 'refund'
      readonly claim?: ClaimOperation
      readonly channelId: Hex
      readonly token: Address
      readonly payer: Address
      readonly amount: bigint
      readonly nonce: bigint
    }
  | { readonly kind: 'transfer'; readonly token: Address; readonly to: Address; readonly amount: bigint }
  | { readonly kind: 'approve'; readonly token: Address; readonly amount: bigint }
  | { readonly kind: 'cancel'; readonly nonce: string }
  | { readonly kind: 'withdraw-start'; readonly channelId: Hex; readonly amount: bigint }
  | {
      readonly kind: 'withdraw-end'
      readonly channelId: Hex
      readonly token: Address
      readonly payer: Address
      readonly delaySeconds: number
    }
