import type { Atomic } from '../../lib/money.ts'
import type { Address, Hex, Network } from '../../payment/types.ts'
import type { OnChainChannel } from '../ports.ts'
import type {
  Authorization,
  ChainLog,
  Checkpoint,
  Difference,
  Finding,
  Movement,
  StoredLog,
} from './types.ts'

export type Block = { readonly number: bigint; readonly hash: Hex; readonly timestamp: number }

/** An event of the channel contract, which is everybody's. `opened` where it names the channel's terms. */
export type ChannelEvent = Omit<ChainLog, 'token' | 'subject'> & {
  readonly channelId: Hex
  readonly opened?: { readonly receiver: Address; readonly token: Address }
}

/** A network's past, read for reconciliation. Throws where the RPC fails: the pass is tried again. */
export type ChainHistory = {
  readonly getFinalBlock: () => Promise<bigint>
  /** Undefined where the chain has no such block. */
  readonly getBlock: (number: bigint) => Promise<Block | undefined>
  /** Transfers of our tokens to or from these addresses. */
  readonly listTransfers: (query: Range & { owners: readonly Address[] }) => Promise<readonly ChainLog[]>
  readonly listChannelEvents: (query: Range) => Promise<readonly ChannelEvent[]>
  /** EIP-3009 authorisations of this list that were used. */
  readonly listUsedAuthorizations: (
    query: Range & { authorizations: readonly Authorization[] },
  ) => Promise<readonly ChainLog[]>
  /** Whether each nonce was burnt by the end of a block. */
  readonly areUsed: (query: {
    authorizations: readonly Authorization[]
    blockNumber: bigint
  }) => Promise<readonly boolean[]>
  /** All of the token, or undefined where the RPC keeps no state of so old a block. */
  readonly getBalances: (query: {
    blockNumber: bigint
    of: readonly { readonly asset: Address; readonly owner: Address }[]
  }) => Promise<readonly Atomic[] | undefined>
  readonly readChannels: (query: {
    channelIds: readonly Hex[]
    blockNumber: bigint
  }) => Promise<readonly OnChainChannel[]>
  readonly getAccount: (query: {
    address: Address
    blockNumber: bigint
  }) => Promise<{ readonly balanceWei: bigint; readonly nonce: number }>
}

/** Both ends included. */
type Range = { readonly fromBlock: bigint; readonly toBlock: bigint }

/** The ledger's side of one network at one moment. */
export type LedgerSide = {
  /** Debits minus credits, posted, of the accounts that stand for our addresses. */
  readonly balances: readonly {
    readonly asset: Address
    readonly account: string
    readonly balanceAtomic: Atomic
  }[]
  readonly movements: readonly Movement[]
  /** Hashes of our transactions whose end the ledger does not have yet. */
  readonly openHashes: ReadonlySet<Hex>
  /** Channels with something under way. */
  readonly busyChannels: ReadonlySet<Hex>
  readonly channels: readonly LedgerChannel[]
  readonly lanes: readonly LaneGas[]
}

export type LedgerChannel = {
  readonly id: Hex
  readonly asset: Address
  readonly balanceAtomic: Atomic
  readonly claimedAtomic: Atomic
}

/** What the ledger knows of a signing key's gas, up to a block. */
export type LaneGas = {
  readonly role: 'signer' | 'till'
  readonly address: Address
  readonly firstNonce: number
  readonly minedCount: number
  readonly spentWei: bigint
}

export type ReconcileStore = {
  /** The block at which the ledger's opening balances were read. */
  readonly getOpeningBlock: (query: { network: Network }) => Promise<bigint | undefined>
  readonly getCheckpoint: (query: { network: Network }) => Promise<Checkpoint | undefined>
  readonly setCheckpoint: (query: { network: Network; checkpoint: Checkpoint }) => Promise<void>
  /** Adds what is not there yet. */
  readonly appendLogs: (query: {
    network: Network
    logs: readonly ChainLog[]
    decimalsOf: (asset: Address) => number
    atMs: number
  }) => Promise<void>
  /** Forgets the logs of blocks that a reorganisation took back. */
  readonly dropLogsAfter: (query: { network: Network; blockNumber: bigint }) => Promise<void>
  /** Every log without an entry, and every log of these transactions. */
  readonly listLogs: (query: { network: Network; hashes: readonly Hex[] }) => Promise<readonly StoredLog[]>
  readonly explainLogs: (query: {
    network: Network
    logs: readonly { readonly log: ChainLog; readonly entryId: string }[]
  }) => Promise<void>
  readonly countTransfers: (query: { network: Network }) => Promise<number>
  /** The token of each of these channels that is ours. */
  readonly getChannelTokens: (query: { channelIds: readonly Hex[] }) => Promise<ReadonlyMap<Hex, Address>>
  /** EIP-3009 authorisations of payments that are under way, or were reserved since then. */
  readonly listAuthorizations: (query: {
    network: Network
    sinceMs: number
  }) => Promise<readonly Authorization[]>
  /**
   * One consistent look at the books: movements since a time and those of the marked transactions, whole: of a transaction all
   * or nothing. The mark of a payer's own withdrawal is its channel.
   */
  readonly readLedger: (query: {
    network: Network
    assets: readonly Address[]
    sinceMs: number
    marks: readonly Hex[]
    untilBlock: bigint
  }) => Promise<LedgerSide>
}

export type FindingStore = {
  /** Open ones, and those that an operator closed: a difference that somebody has answered for is not raised again. */
  readonly listStanding: (query: { network: string }) => Promise<readonly Finding[]>
  readonly openFinding: (request: { difference: Difference; atMs: number }) => Promise<void>
  readonly touchFinding: (request: { id: string; difference: Difference; atMs: number }) => Promise<void>
  /** False where it is not there or closed already. */
  readonly closeFinding: (request: {
    id: string
    by: 'itself' | 'operator'
    reason: string
    atMs: number
  }) => Promise<boolean>
}
