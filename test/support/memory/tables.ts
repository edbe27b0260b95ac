import type { Admission, Attempt, Capture } from '../../../src/call/types.ts'
import type { Entry } from '../../../src/ledger/types.ts'
import type { ChannelConfig, Hex, Network, Turn } from '../../../src/payment/types.ts'
import type { FundingRow, Refund, SettlementState, TransactionRow } from '../../../src/settlement/types.ts'
import { createJournal } from './journal.ts'

/** What is kept of a limited account: the columns of `balances`. */
export type BalanceRow = {
  readonly ledger: string
  readonly account: string
  readonly kind: 'channel' | 'credit' | 'exposure' | 'organization'
  readonly creditLimit: bigint
  readonly creditsPosted: bigint
  readonly debitsPosted: bigint
  readonly debitsPending: bigint
  readonly refundsPosted: bigint
  readonly refundsPending: bigint
  readonly movedAtMs: number
  readonly depositsOnly: boolean
  readonly voucherMax: bigint
  readonly voucherSignature: Hex | undefined
  readonly publishedMax: bigint
  readonly turn: Turn | undefined
  readonly claimed: bigint
  readonly unclaimedSinceMs: number | undefined
  readonly withdrawRequestedAt: number
  readonly refundNonce: bigint
}

export type ChannelRow = {
  readonly id: Hex
  readonly network: Network
  readonly config: ChannelConfig
  /** Where its balance is. */
  readonly key: string
}

type InstanceRow = { readonly leaseExpiresAtMs: number; readonly openSinceMs: number }
type LaneRow = { readonly firstNonce: number; readonly nextNonce: number; readonly network: Network }

/** A database in memory: what a crash leaves. Rows are never changed, only replaced. */
export function createTables() {
  return {
    journal: createJournal(),
    /** By ledger and path. */
    balances: new Map<string, BalanceRow>(),
    /** Debits minus credits, posted, of every account. */
    sums: new Map<string, bigint>(),
    channels: new Map<string, ChannelRow>(),
    admissions: new Map<string, Admission & { readonly instance: string }>(),
    /** The call that has a payment key, in hex. */
    callOfKey: new Map<string, string>(),
    callOfIdempotencyKey: new Map<string, string>(),
    attempts: new Map<string, Attempt>(),
    captures: new Map<string, Capture & { readonly channelCharged?: bigint }>(),
    settlements: new Map<
      string,
      {
        readonly callId: string
        readonly network: Network
        readonly state: SettlementState
        readonly transactionId?: string
        readonly error?: string
      }
    >(),
    fundings: new Map<string, FundingRow>(),
    fundingOfKey: new Map<string, string>(),
    refunds: new Map<string, Refund & { readonly foreignHash?: Hex }>(),
    transactions: new Map<string, TransactionRow>(),
    /** What transactions have cost, or can cost at most while that is not known. */
    costs: new Map<string, { readonly maxCostWei: bigint; readonly paidWei?: bigint }>(),
    /** Earlier bytes with a lower fee, by their hash. */
    replacedBytes: new Map<
      string,
      { readonly transactionId: string; readonly raw: Hex; readonly atMs: number }
    >(),
    claims: new Map<
      string,
      { readonly transactionId: string; readonly channelId: string; readonly totalClaimed: bigint }
    >(),
    entries: new Map<string, Entry & { readonly atMs: number }>(),
    lanes: new Map<string, LaneRow>(),
    instances: new Map<string, InstanceRow>(),
    meta: new Map<string, unknown>(),
  }
}

export type Tables = ReturnType<typeof createTables>

/** Runs one commit: all of its writes, or none where it throws. */
export function atomically<Result>(tables: Tables, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    tables.journal.undo(0)
    throw error
  } finally {
    tables.journal.forget()
  }
}
