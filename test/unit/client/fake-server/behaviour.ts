import type { Atomic } from '../../../../src/lib/money.ts'
import type { PaymentRequired } from '../../../../src/payment/payment-required.ts'
import type { Receipt } from '../../../../src/payment/receipts/receipt.ts'
import type { CallPayment, Terms } from '../../../../src/payment/types.ts'

/** Where a test makes the server lie, fail or be slow. `index` counts admitted calls from 0. */
export type Behaviour = {
  readonly terms?: () => Terms
  readonly ceilingPicoUsd?: bigint
  readonly chargeOf?: (index: number) => Atomic
  readonly latencyOf?: (index: number) => number
  /** Answers a call once this has come, in the place of a time. */
  readonly until?: (index: number) => Promise<void>
  readonly depositMs?: number
  /** Answers an admitted call with this status instead of 200; nothing is charged. */
  readonly failWith?: (index: number) => number | undefined
  /** Breaks the connection after the call was admitted; it is charged nevertheless. */
  readonly breaks?: (index: number) => boolean
  /** Breaks the connection before a payment is read; counts payments from 0. */
  readonly drops?: (paid: number) => boolean
  /** Ends a stream in its middle, with an error; what was delivered is charged. */
  readonly cuts?: (index: number) => boolean
  /** Leaves the receipt out of a stream. */
  readonly forgetsReceipt?: (index: number) => boolean
  readonly changeReceipt?: (receipt: Receipt, index: number) => Receipt
  readonly changeDemand?: (required: PaymentRequired) => PaymentRequired
}

/** What a test may look at afterwards. */
export type Seen = ReturnType<typeof nothingSeen>

export const nothingSeen = () => ({
  unpaid: 0,
  paid: 0,
  correctives: 0,
  depositsExecuted: 0,
  depositsSigned: new Set<string>(),
  asked: 0,
  admitted: 0,
  violations: [] as string[],
  payments: [] as CallPayment[],
})
