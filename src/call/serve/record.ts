import { buildReceipt, type Receipt } from '../../payment/receipts/receipt.ts'
import type { CallPayment, ChannelState, Hex } from '../../payment/types.ts'
import { countersOf } from '../budgets/terms.ts'
import type { CallDependencies } from '../dependencies.ts'
import { hasRow } from './has-row.ts'
import { type Savings, savingsOf } from '../plan/savings.ts'
import type { AdmittedCall, Capture, Captured, FinishedCall } from '../types.ts'

/** A call whose money is durable; `receipt` is absent where no payment came with it. */
export type RecordedCall = FinishedCall & { readonly receipt?: Receipt; readonly savings?: Savings }

type Ended = { readonly finished: FinishedCall; readonly dependencies: CallDependencies }

/**
 * W3: posts or voids the hold and leaves the settlement intent, in one commit, before the caller sees the last event. A caller
 * that hung up does not cancel this.
 */
export async function recordCall({ finished, dependencies }: Ended): Promise<RecordedCall> {
  const { payment } = finished
  if (!hasRow(finished)) return finished
  const { channel, capture } = await captureWithPatience({ finished, dependencies })
  dependencies.reach('captured')
  freeBudgets({ finished, dependencies })
  if (!payment) return withSavings({ ...finished, capture }, dependencies)
  if (payment.kind === 'voucher') dependencies.turns.wake(payment.channelId)
  // Channels are claimed by sums, which the timer finds: a wake per voucher would keep the settlement looking all the time.
  if (payment.kind !== 'voucher') dependencies.wake()
  const receipt = receiptOf({ call: finished, payment, capture, channel })
  return withSavings({ ...finished, capture, receipt }, dependencies)
}

function withSavings(recorded: RecordedCall, { marginBps }: CallDependencies): RecordedCall {
  const savings = savingsOf({ call: recorded, marginBps })
  return savings ? { ...recorded, savings } : recorded
}

/** Who waits for what this call has held looks again, and who set a rolling budget is told what it has reached. */
function freeBudgets({ finished, dependencies }: Ended): void {
  const counters = countersOf(finished.admission)
  if (counters.length === 0) return
  dependencies.governed.queue.wake(counters)
  void dependencies.governed.tellRolling(finished.admission)
}

/** Pauses between tries: about ten minutes in all. What is still open then waits for the end of this instance's lease. */
export const LATER_MS = [1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 120_000, 180_000, 180_000] as const

/**
 * Records a call whose record has just failed: its caller has been told, but the charge and the hold still have to be settled
 * while this process lives. The capture is idempotent, so a try whose answer was lost does no harm.
 *
 * @returns whether it was recorded in the end.
 */
export async function recordLater({ finished, dependencies }: Ended): Promise<boolean> {
  for (const pauseMs of LATER_MS) {
    await dependencies.clock.sleepAside(pauseMs)
    const isRecorded = await dependencies.store.capture({ ...finished.capture, delivered: false }).then(
      () => true,
      () => false,
    )
    if (isRecorded) {
      freeBudgets({ finished, dependencies })
      return true
    }
  }
  return false
}

/** Pauses between attempts to store a capture; together the time that a database may take to come back. */
const PAUSES_MS = [250, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000, 8_000, 8_000, 8_000] as const

/**
 * The work is done and paid for: a database that is away for a while must neither lose the charge nor leave the payer's hold
 * for ever. Only a value that no database would take is not tried again.
 */
async function captureWithPatience({ finished, dependencies: { store, clock } }: Ended): Promise<Captured> {
  for (const pauseMs of PAUSES_MS) {
    try {
      return await store.capture(finished.capture)
    } catch (error) {
      if (error instanceof RangeError) throw error
      await clock.sleep(pauseMs)
    }
  }
  return store.capture(finished.capture)
}

function receiptOf({
  call,
  payment,
  capture,
  channel,
}: {
  call: AdmittedCall
  payment: CallPayment
  capture: Capture
  channel: ChannelState | undefined
}): Receipt {
  const transaction = transactionOf(call)
  const { chargeAtomic } = capture
  const state = channel ?? call.channel
  if (payment.kind === 'voucher' && state)
    return buildReceipt({ payment, state, chargeAtomic, ...transaction })
  if (payment.kind === 'voucher') throw new RangeError('A channel call was captured without its channel.')
  return buildReceipt({ payment, chargeAtomic, ...transaction })
}

/**
 * What must go out with the first headers of a call that brought money on chain: the transaction, and for a deposit that nothing
 * has been charged yet. Without it a stock client signs a second deposit.
 */
export function openingReceipt(call: AdmittedCall): Receipt | undefined {
  const { payment } = call
  if (!payment) return undefined
  if (payment.kind === 'voucher') {
    if (!payment.deposit || !call.channel) return undefined
    return buildReceipt({ payment, state: call.channel, chargeAtomic: 0n, ...transactionOf(call) })
  }
  if (payment.kind === 'exact') return buildReceipt({ payment, ...transactionOf(call) })
  return undefined
}

const transactionOf = (call: AdmittedCall): { transaction?: Hex } =>
  call.fundingTransaction === undefined ? {} : { transaction: call.fundingTransaction }
