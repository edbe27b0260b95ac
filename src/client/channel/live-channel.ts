import type { Atomic } from '../../lib/money.ts'
import type { ChannelConfig, Hex, Network } from '../../payment/types.ts'
import type { ChannelBook } from './channel-book.ts'
import type { PendingWithdrawal, SignedDeposit } from './channel-store.ts'
import type { ReceiptError } from '../wire/errors.ts'

/** Where a call was sent, by whom, and what the server calls it. */
export type CallPlace = { readonly owner: string; readonly url: string; readonly callId?: string }

/** A channel in use. */
export type LiveChannel = {
  readonly channelId: Hex
  readonly network: Network
  readonly config: ChannelConfig
  readonly origins: Set<string>
  readonly book: ChannelBook
  /** Of the calls that the book has open, by the ids of their tickets. */
  readonly calls: Map<string, CallPlace>
  /** Calls of earlier processes whose end was learnt here: whoever has stored them forgets them. */
  readonly ended: Set<string>
  /** While a deposit is under way: settled when its answer's headers are there. */
  opening: Promise<void> | undefined
  /** Signed, and not known to be executed. */
  deposit: SignedDeposit | undefined
  /** About to be signed. */
  depositingAtomic: Atomic
  /** Signed once, and run out without a word whether it was executed. */
  lapsedAtomic: Atomic
  withdrawal: PendingWithdrawal | undefined
  /** While it is looked up whether somebody else uses the channel. */
  judging: Promise<void> | undefined
  /** The contradiction for which the channel is not used any more. */
  stopped: ReceiptError | undefined
}
