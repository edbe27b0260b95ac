import type { Atomic } from '../../lib/money.ts'
import type { Address, Hex, Network } from '../../payment/types.ts'

/** What a log on chain says about money of ours. */
export type LogEvent = 'transfer' | 'deposited' | 'claimed' | 'refunded' | 'withdrawn' | 'authorization_used'

export type ChainLog = {
  readonly transactionHash: Hex
  readonly logIndex: number
  readonly blockNumber: bigint
  readonly event: LogEvent
  readonly token: Address
  readonly amountAtomic: Atomic
  /** Of a transfer. */
  readonly sender?: Address
  readonly recipient?: Address
  /** The channel of its event, or an authorisation as `<owner>:<nonce>`. */
  readonly subject?: string
}

export type StoredLog = ChainLog & { readonly entryId?: string; readonly seenAtMs: number }

/** One posting that moves one of our chain accounts, with the transaction that it speaks of. */
export type Movement = {
  readonly entryId: string
  readonly event: string
  readonly asset: Address
  readonly debit: string
  readonly credit: string
  readonly amountAtomic: Atomic
  readonly atMs: number
  /** Absent where the books followed the chain without a transaction of ours: a payer's own withdrawal. */
  readonly transactionHash?: Hex
  readonly blockNumber?: bigint
  readonly channelId?: Hex
  readonly authorization?: Authorization
}

/** What a payer signed, as the chain burns it: an EIP-3009 nonce of the token, or a Permit2 nonce. */
export type Authorization = {
  readonly method: 'eip3009' | 'permit2'
  readonly token: Address
  readonly owner: Address
  /** A hash of 32 bytes (EIP-3009), or a decimal number (Permit2). */
  readonly nonce: string
}

/** An authorisation as the subject of its log. */
export const authorizationSubject = ({ owner, nonce }: Pick<Authorization, 'owner' | 'nonce'>): string =>
  `${owner}:${nonce}`

export const DIFFERENCE_CLASSES = ['chain_only', 'ledger_only', 'amount', 'invariant', 'usage'] as const
export type DifferenceClass = (typeof DIFFERENCE_CLASSES)[number]

/** A difference between ledger and chain, in the ledger itself, or between a provider's count and ours. Neutral, countable, to be closed by somebody who has looked. */
export type Difference = {
  readonly class: DifferenceClass
  /** `ledger` for what concerns no chain, `providers` for usage. */
  readonly network: Network | 'ledger' | 'providers'
  /** Names it: the same difference has the same subject in every pass. Of usage, the endpoint and the direction. */
  readonly subject: string
  /** Our side. */
  readonly ledger: string
  /** The other side: the chain's; of usage, the provider's. */
  readonly chain: string
  /** When it could first be seen. */
  readonly sinceMs: number
}

export type Finding = Omit<Difference, 'sinceMs'> & {
  readonly id: string
  readonly state: 'open' | 'closed'
  readonly openedAtMs: number
  readonly seenAtMs: number
  readonly closedAtMs?: number
  readonly closedBy?: 'itself' | 'operator'
  readonly reason?: string
}

export type Compared = { readonly balances: number; readonly channels: number; readonly transfers: number }

export type Reconciliation = {
  /** Without those that an operator has closed with a reason. */
  readonly differences: readonly Difference[]
  /** What was compared, so that "no differences" cannot mean "nothing looked at". */
  readonly compared: Compared
  readonly atBlock: Readonly<Record<string, string>>
  /** What could not be compared, in words. */
  readonly notes: readonly string[]
}

/** How far a network's chain has been read and judged. */
export type Checkpoint = {
  readonly blockNumber: bigint
  /** The blocks of earlier passes, newest first, to find the way back after a reorganisation. */
  readonly blocks: readonly { readonly number: bigint; readonly hash: Hex }[]
  /** Entries before this time have been held against the chain. */
  readonly judgedUntilMs: number
  /** When each difference of a balance, a channel or gas was first seen. */
  readonly suspects: Readonly<Record<string, number>>
  /** Per signing key: wei on chain beyond what the ledger knows, e.g. gas that the operator sent. */
  readonly unbookedWei: Readonly<Record<string, string>>
}
