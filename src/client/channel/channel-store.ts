import type { ChannelConfig, Hex, Network } from '../../payment/types.ts'
import type { ReceiptFault } from '../wire/errors.ts'

/** `payload.deposit` of a payment, and until when the chain takes it. */
export type SignedDeposit = {
  readonly amount: string
  readonly validUntilSeconds: number
  readonly authorization: Readonly<Record<string, unknown>>
}

/** A call whose charge is not known yet: the next process asks for it instead of forgetting it. */
export type OpenCall = {
  readonly id: string
  /** The paying fetch that made it. */
  readonly owner: string
  readonly url: string
  readonly ceiling: string
  readonly takenAtMs: number
  /** The server's name for it, once its headers have come. */
  readonly callId?: string
}

/** A withdrawal that the payer has begun on chain. */
export type PendingWithdrawal = {
  readonly amount: string
  /** Seconds since 1970 from which it may be finished. */
  readonly finishableAtSeconds: number
  /** It has been paid out; the channel may be used again. */
  readonly isFinished?: boolean
}

/** A channel as it is kept between two processes: JSON, amounts as decimal strings. */
export type ChannelRecord = {
  readonly channelId: Hex
  readonly network: Network
  readonly config: ChannelConfig
  /** Servers that were paid through it: they may not come back with another recipient. */
  readonly origins: readonly string[]
  readonly settled: string
  readonly signed: string
  readonly signature?: Hex
  readonly reported: string
  readonly published: string
  readonly balance: string
  readonly calls: readonly OpenCall[]
  /** A deposit that was signed and is not known to be executed: sent again rather than signed anew while it is valid. */
  readonly deposit?: SignedDeposit
  /** Deposits that ran out without a word whether they were executed. */
  readonly lapsed?: string
  readonly withdrawal?: PendingWithdrawal
  /** Why the channel is not used any more. */
  readonly stopped?: { readonly fault: ReceiptFault; readonly message: string }
  /** Who has written here, and when last: several processes or tabs may use one channel. */
  readonly owners: Readonly<Record<string, number>>
  readonly savedBy: string
  readonly savedAtMs: number
}

/**
 * Where channels are remembered. Several processes or tabs may share one: each change is made to what is stored at that
 * moment, and no change is lost.
 */
export type ChannelStore = {
  /** Whether other processes can be using it too. */
  readonly isShared?: boolean
  readonly list: () => Promise<readonly ChannelRecord[]>
  /**
   * Replaces one record by what `change` makes of it (undefined where there is none yet). `change` is a pure function
   * and may be called more than once. Resolves when the record would survive the end of the process.
   *
   * @returns what is stored now.
   */
  readonly update: (
    channelId: Hex,
    change: (stored: ChannelRecord | undefined) => ChannelRecord,
  ) => Promise<ChannelRecord>
}

/** Forgets with the process: the next one learns each channel's state by one corrective 402. */
export function memoryStore(): ChannelStore {
  const records = new Map<string, ChannelRecord>()
  return {
    list: () => Promise.resolve([...records.values()]),
    // Asynchronous, so that a change that throws rejects like that of any other store.
    async update(channelId, change) {
      const record = change(records.get(channelId))
      records.set(channelId, record)
      return record
    },
  }
}
