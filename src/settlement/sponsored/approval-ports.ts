import type { Address, Hex, Network } from '../../payment/types.ts'
import type { SignedTransaction } from '../ports.ts'
import type { Lane, Purpose, TransactionRow } from '../types.ts'

/** A payer's signed transaction, read. Only an EIP-1559 one that calls `approve(address,uint256)` and nothing else is one. */
export type SignedApproval = {
  readonly raw: Hex
  readonly hash: Hex
  /** Who has signed it. */
  readonly from: Address
  readonly chainId: number
  readonly nonce: number
  readonly token: Address
  readonly spender: Address
  /** Atomic units; 2^256 - 1 in what the published client signs. */
  readonly amount: bigint
  readonly valueWei: bigint
  readonly gasLimit: bigint
  readonly maxFeePerGasWei: bigint
}

/** What the chain says of an approval and its sender now. */
export type ApprovalFacts = {
  /** The sender's next nonce: of what is mined, and with what waits. */
  readonly nonce: number
  readonly pendingNonce: number
  /** Whether the sender is a contract, or acts as one (EIP-7702): then coins need not stay where they are sent. */
  readonly hasCode: boolean
  readonly coinWei: bigint
  /** What its sender must have before a block takes it: gas at the price that it offers, and what else the chain charges. */
  readonly requiredWei: bigint
  /** Gas that it would take; absent where the token would refuse it. */
  readonly gas?: bigint
  readonly nextBaseFeeWei: bigint
  /** The highest price of a unit of gas that we give coins for. */
  readonly mostFeePerGasWei: bigint
}

/** One network, for approvals. */
export type ApprovalChain = {
  /** Local: no RPC. Undefined where the bytes are no such transaction, or not in their one canonical form. */
  readonly read: (raw: Hex) => Promise<SignedApproval | undefined>
  /** Throws where the RPC fails. */
  readonly weigh: (approval: SignedApproval) => Promise<ApprovalFacts>
}

export type AppendOutcome =
  | { readonly kind: 'appended'; readonly approval: TransactionRow; readonly gift?: TransactionRow }
  /** Another approval of this payer is on its way. */
  | { readonly kind: 'busy' }
  | { readonly kind: 'refused'; readonly reason: string }

/** Approvals and the coins for their gas, as rows: what a day has had is counted in them. */
export type ApprovalStore = {
  readonly findApproval: (query: {
    network: Network
    payer: Address
    nonce: number
  }) => Promise<TransactionRow | undefined>
  /**
   * Stores a payer's signed approval and, signed with the lane's next nonce, the transaction that gives it its gas: both in one commit,
   * before a byte of either leaves. Refused beyond the counts, and for a payer whose coins went elsewhere before.
   */
  readonly appendApproval: (request: {
    readonly approval: {
      readonly id: string
      readonly network: Network
      readonly payer: Address
      readonly nonce: number
      readonly raw: Hex
      readonly hash: Hex
      readonly purpose: Extract<Purpose, { kind: 'approval' }>
    }
    readonly gift?: {
      readonly id: string
      readonly lane: Lane
      readonly firstNonce: number
      readonly purpose: Extract<Purpose, { kind: 'gas-gift' }>
      readonly maxCostWei: bigint
      readonly sign: (nonce: number) => Promise<SignedTransaction>
    }
    readonly atMs: number
    /** Gifts on the network, and to this payer, since then. */
    readonly sinceMs: number
    readonly most: { readonly onNetwork: number; readonly toPayer: number }
  }) => Promise<AppendOutcome>
  /** Whether a payment was received before: a funding with this key exists. */
  readonly isFundingKnown: (key: Uint8Array) => Promise<boolean>
}
