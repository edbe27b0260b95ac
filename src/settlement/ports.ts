import type { Atomic } from '../lib/money.ts'
import type { Address, ChannelConfig, Hex, Network } from '../payment/types.ts'
import type {
  ClaimableChannel,
  ClaimRow,
  DueSettlement,
  Effect,
  ForeignPayment,
  Funding,
  FundingRow,
  IdleCredit,
  Lane,
  Purpose,
  Refund,
  SettlementCommit,
  TransactionRow,
  TransactionState,
} from './types.ts'

export type SignedTransaction = { readonly raw: Hex; readonly hash: Hex }

/** What is durable about money on its way to the chain and back. Every promise resolves after the commit. */
export type SettlementStore = {
  /** F1. A key that is taken returns the row that has it, whatever its state. */
  readonly reserveFunding: (
    funding: Funding,
  ) => Promise<{ readonly isNew: boolean; readonly funding: FundingRow }>
  readonly getFunding: (id: string) => Promise<FundingRow | undefined>
  /**
   * `adopted`: those that somebody else's transaction has brought and that are not final yet. `expired`: failed ones that nobody
   * can submit any more.
   */
  readonly listFundings: (query: {
    network: Network
    state: 'reserved' | 'signed' | 'adopted' | 'expired'
    limit: number
  }) => Promise<readonly FundingRow[]>
  /**
   * W4, F2: takes the lane's next nonce, has the bytes signed with it and stores them, with the effects, in one commit.
   * `firstNonce` opens the lane's row where there is none. Signing must be local: the lane's row is locked meanwhile.
   */
  readonly appendTransaction: (request: {
    id: string
    lane: Lane
    firstNonce: number
    purpose: Purpose
    effects: readonly Effect[]
    atMs: number
    /** What it can cost at most, in wei: counts against the day's budget until it is known. */
    maxCostWei: bigint
    sign: (nonce: number) => Promise<SignedTransaction>
  }) => Promise<TransactionRow>
  /**
   * Puts bytes with a higher fee in the place of those of a signed transaction, and remembers the earlier ones: any of them may
   * be mined. False where the row has other bytes by now, or is not `signed` any more.
   */
  readonly replaceBytes: (request: {
    id: string
    hash: Hex
    by: SignedTransaction
    maxCostWei: bigint
    atMs: number
  }) => Promise<boolean>
  /** False where the guard did not hold, or every entry was there already: somebody else has done it. */
  readonly commit: (commit: SettlementCommit) => Promise<boolean>
  /** In the order of lane and nonce; payers' own come last, so that no number of them hides ours. */
  readonly listTransactions: (query: {
    network: Network
    states: readonly TransactionState[]
    limit: number
  }) => Promise<readonly TransactionRow[]>
  readonly getTransaction: (id: string) => Promise<TransactionRow | undefined>
}

/** The signing keys as rows: their nonces and what they have spent. */
export type LaneStore = {
  /** Undefined while the key has signed nothing. */
  readonly getLane: (
    lane: Lane,
  ) => Promise<{ readonly firstNonce: number; readonly nextNonce: number } | undefined>
  /** Every transaction of the lane from this nonce on, whatever its state, in the order of nonces. */
  readonly listFromNonce: (query: {
    lane: Lane
    nonce: number
    limit: number
  }) => Promise<readonly TransactionRow[]>
  /** Whether a transaction hash is one of ours, also of bytes that were replaced. */
  readonly isOurs: (hash: Hex) => Promise<boolean>
  /** Wei that a network's transactions signed since then have cost, or can cost where that is not known yet. */
  readonly getGasSpent: (query: { network: Network; sinceMs: number }) => Promise<bigint>
}

/** What is due. The queue only says "look"; these lists are the truth. */
export type DueStore = {
  /** `order` shuffles them: rows that are refused stay due, and must not hide those behind them for ever. */
  readonly listDueSettlements: (query: {
    network: Network
    limit: number
    order?: string
  }) => Promise<readonly DueSettlement[]>
  readonly listClaimableChannels: (query: {
    network: Network
    limit: number
  }) => Promise<readonly ClaimableChannel[]>
  /** Claimed on chain (final) and not yet settled or being settled, per token. */
  readonly listClaimedFunds: (query: {
    network: Network
  }) => Promise<readonly { readonly asset: Address; readonly amountAtomic: Atomic }[]>
  /**
   * Credit of which a part is not final yet is not idle: a reorganisation may take it away. Nor is that of a payer who has topped
   * it up: it stays until it is spent or withdrawn.
   */
  readonly listIdleCredit: (query: { network: Network; limit: number }) => Promise<readonly IdleCredit[]>
  /**
   * Holds a refund against its account in one commit: a channel's whole free balance (or `amountAtomic` of it), or a
   * payer's credit, less a fee that is held with it. `nothing` where less than that is free (credit whose payment is not final
   * yet is not), `busy` while calls are held on a channel.
   */
  readonly holdRefund: (request: {
    id: string
    kind: 'channel' | 'credit'
    network: Network
    asset: Address
    payer: Address
    channelId?: Hex
    amountAtomic?: Atomic
    /** Credit only. */
    feeAtomic?: Atomic
    atMs: number
  }) => Promise<
    | { readonly kind: 'held'; readonly refund: Refund }
    | { readonly kind: 'busy' }
    | { readonly kind: 'nothing' }
  >
  readonly listRefunds: (query: {
    network: Network
    states: readonly Refund['state'][]
    limit: number
  }) => Promise<readonly Refund[]>
  readonly getChannelForClaim: (query: {
    network: Network
    channelId: Hex
  }) => Promise<ClaimableChannel | undefined>
}

/** Sums that the ledger keeps. */
export type BalanceStore = {
  /** An account's debits minus its credits, posted. */
  readonly getBalance: (query: { ledger: string; account: string }) => Promise<bigint>
  /** What a limited account could still give, holds taken off: 0 for one that does not exist. */
  readonly getAvailable: (query: { ledger: string; account: string }) => Promise<bigint>
  /** What payers have as credit with us in this token, holds included, and sweeps of the till under way. */
  readonly getOwedCredit: (query: { network: Network; asset: Address }) => Promise<Atomic>
}

/** Channels that may hold money, watched for withdrawals: the payer needs nobody's leave for one. */
export type WatchStore = {
  /** In the order of ids, after `afterId`. */
  readonly listChannels: (query: {
    network: Network
    afterId: string
    limit: number
  }) => Promise<readonly WatchedChannel[]>
}

export type WatchedChannel = {
  readonly id: Hex
  readonly asset: Address
  /** As the books have it. */
  readonly balanceAtomic: Atomic
  /** Part of it that was deposited in blocks which may still be taken back. */
  readonly unfinalAtomic: Atomic
  /** Seconds since 1970; 0 while none is known. */
  readonly withdrawRequestedAt: number
}

export type TokenTransfer = {
  readonly token: Address
  readonly from: Address
  readonly to: Address
  readonly value: Atomic
  readonly logIndex: number
}

export type Receipt = {
  readonly status: 'success' | 'reverted'
  readonly blockNumber: bigint
  readonly blockHash: Hex
  readonly gasUsed: bigint
  readonly effectiveGasPriceWei: bigint
  /** OP-stack chains charge for data as well; 0 elsewhere. */
  readonly l1FeeWei: bigint
  readonly transfers: readonly TokenTransfer[]
  /** Rows that the channel contract has booked; a row that it passed over is not here. */
  readonly claims: readonly { readonly channelId: Hex; readonly addedAtomic: Atomic }[]
}

/** A contract call, encoded. */
export type Calldata = {
  readonly to: Address
  readonly data: Hex
  /** Coins that go along. */
  readonly valueWei?: bigint
}

/** A call that the chain would take now, with its price; or why it would not. */
export type Prepared =
  | {
      readonly ok: true
      readonly call: Calldata
      readonly gasLimit: bigint
      readonly maxFeePerGasWei: bigint
      readonly maxPriorityFeePerGasWei: bigint
      /** What a unit of gas costs now: at most `maxFeePerGasWei`. */
      readonly usualFeePerGasWei: bigint
    }
  | { readonly ok: false; readonly reason: string; readonly unknown: boolean }

export type OnChainChannel = {
  readonly balanceAtomic: Atomic
  readonly totalClaimedAtomic: Atomic
  readonly withdrawRequestedAt: number
  readonly refundNonce: bigint
}

/** Sends. Outcomes are words, never exceptions: unknown is a state. */
export type ChainSender = {
  readonly network: Network
  readonly lanes: { readonly signer: Lane; readonly till: Lane }
  /** Simulates from the lane's address and prices the gas. */
  readonly prepare: (request: { lane: Lane; call: Calldata }) => Promise<Prepared>
  /** Local: no RPC. */
  readonly sign: (request: {
    lane: Lane
    nonce: number
    prepared: Extract<Prepared, { ok: true }>
  }) => Promise<SignedTransaction>
  readonly broadcast: (raw: Hex) => Promise<'sent' | 'known' | 'nonce-too-low' | 'underpriced' | 'unknown'>
  /**
   * The same call with the same nonce, signed again with a fee that nodes take for a replacement and that the market asks.
   * Undefined where the operator's caps do not allow it.
   */
  readonly reprice: (request: {
    lane: Lane
    raw: Hex
  }) => Promise<{ readonly signed: SignedTransaction; readonly maxCostWei: bigint } | undefined>
  /** The account's next nonce on chain: now, after a block, or with what waits to be mined. */
  readonly getNonce: (lane: Lane, at?: bigint | 'pending') => Promise<number>
}

/** What happened to a channel on chain besides deposits, ours as well. */
export type ChannelMoves = {
  readonly claims: readonly (ForeignPayment & {
    readonly addedAtomic: Atomic
    /** Of the channel, with this one. */
    readonly totalClaimedAtomic: Atomic
  })[]
  readonly refunds: readonly (ForeignPayment & { readonly amountAtomic: Atomic })[]
}

/** Reads. Throws where the RPC fails: the caller tries again later. */
export type ChainReader = {
  readonly network: Network
  readonly getReceipt: (hash: Hex) => Promise<Receipt | undefined>
  readonly getHead: () => Promise<{ readonly number: bigint; readonly hash: Hex; readonly timestamp: number }>
  /** The newest block that may be called final, by this network's rule (depth or the `finalized` tag). */
  readonly getFinalBlock: () => Promise<bigint>
  /** As they are now, or as they were after a block. */
  readonly readChannels: (
    channelIds: readonly Hex[],
    blockNumber?: bigint,
  ) => Promise<readonly OnChainChannel[]>
  /**
   * Payments of a funding's payer to where its money belongs, of exactly its amount, newest first: a deposit into its channel, or
   * a transfer to the till. `from` is the oldest moment that matters, in seconds since 1970.
   */
  readonly findPayments: (query: { funding: Funding; from: number }) => Promise<readonly ForeignPayment[]>
  /** What the channel contract has paid out to `payTo` in one token, by whoever called `settle`. */
  readonly findSettles: (query: {
    asset: Address
    from: number
  }) => Promise<readonly (ForeignPayment & { readonly amountAtomic: Atomic })[]>
  readonly findChannelMoves: (query: { channelId: Hex; from: number }) => Promise<ChannelMoves>
  readonly getBalance: (query: { asset: Address; owner: Address; blockNumber?: bigint }) => Promise<Atomic>
  /** Transfer logs to or from one of our addresses, for reconciliation. */
  readonly listTransfers: (query: {
    fromBlock: bigint
    toBlock: bigint
    addresses: readonly Address[]
  }) => Promise<readonly (TokenTransfer & { blockNumber: bigint; transactionHash: Hex })[]>
}

/** One function per scheme's calldata; signatures of the receiver authorizer are made inside. */
export type SchemeCalldata = {
  readonly deposit: (funding: Funding) => Calldata
  readonly exact: (funding: Funding) => Calldata
  readonly upto: (settlement: DueSettlement) => Calldata
  readonly claim: (rows: readonly ClaimRow[]) => Calldata
  readonly settle: (query: { asset: Address }) => Calldata
  /** Claims what was charged and refunds the rest, in one transaction. */
  readonly channelRefund: (request: {
    claim?: ClaimRow
    config: ChannelConfig
    channelId: Hex
    amountAtomic: Atomic
    refundNonce: bigint
  }) => Calldata
  readonly transfer: (request: { asset: Address; to: Address; amountAtomic: Atomic }) => Calldata
}

/**
 * Somebody who submits `exact` payments in our place (x402's facilitator). Its word counts for one thing: a refusal before anything
 * was submitted. Whether money has come is read from the chain.
 */
export type HostedFacilitator = {
  /** Whether it is asked about this payment at all; our own signer submits the others. */
  readonly takes: (funding: Funding) => boolean
  /**
   * Has it check the payment, then submit it. `asked` whatever it said to the second question. `unreachable` where it could not
   * even be asked the first one. Never throws.
   */
  readonly submit: (
    funding: Funding,
  ) => Promise<
    { readonly kind: 'asked' | 'unreachable' } | { readonly kind: 'refused'; readonly reason: string }
  >
  /** Whether the chain has taken the payer's nonce. Throws where the RPC fails. */
  readonly isNonceUsed: (funding: Funding) => Promise<boolean>
}

/** One network, as the settlement stories see it. */
export type SettlementChain = {
  readonly hosted?: HostedFacilitator
  readonly sender: ChainSender
  readonly reader: ChainReader
  readonly calldata: SchemeCalldata
}
