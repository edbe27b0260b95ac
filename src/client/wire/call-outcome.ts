import type { Atomic } from '../../lib/money.ts'
import type { ReceiptError } from './errors.ts'
import type { PaidReceipt } from './read-receipt.ts'

/** Where a scheme hears what became of one call. Each may be called once, `open` before `receive`. */
export type CallOutcome = {
  /** The server's name for the call is known. */
  readonly name: (callId: string) => void
  /** The first headers of a stream tell of money on chain; the charge comes later. Throws ReceiptError. */
  readonly open: (receipt: PaidReceipt, callId: string | undefined) => void
  /** The receipt. Throws ReceiptError where it contradicts what was signed. */
  readonly receive: (receipt: PaidReceipt, callId: string | undefined) => void
  /** The charge is known without a receipt. */
  readonly settle: (chargeAtomic: Atomic, callId: string) => void
  /** Nobody can say what became of the call; it counts at its ceiling. */
  readonly lose: () => void
  /** The call was not admitted. */
  readonly refuse: () => void
  /** Something that was said contradicts what was signed. */
  readonly stop: (error: ReceiptError) => void
}
