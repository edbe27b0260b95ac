import { textOfBase64 } from '../../lib/bytes.ts'
import { minBigint, type Atomic } from '../../lib/money.ts'
import { wireChannelState } from '../channel-state.ts'
import { checksumAddress } from '../hex.ts'
import { v1NameOf } from '../tokens/networks.ts'
import type { CallPayment, ChannelState, CheckedPayment, RefundPayment, VoucherPayment } from '../types.ts'

/** x402's SettleResponse: the value of `PAYMENT-RESPONSE` (v2) or `X-PAYMENT-RESPONSE` (v1). */
export type Receipt = {
  readonly success: boolean
  /** Hash of the transaction that moved money for this answer; empty while there is none. */
  readonly transaction: string
  /** CAIP-2, or the v1 name for a v1 payment. */
  readonly network: string
  readonly payer: string
  /** Atomic units that this transaction moved. */
  readonly amount?: string
  readonly errorReason?: string
  readonly extra?: Readonly<Record<string, unknown>>
  /** x402 extensions: a signed receipt for those who ask for one. */
  readonly extensions?: Readonly<Record<string, unknown>>
}

/** What happened, for the receipt. */
export type ReceiptSubject =
  /** A channel call. At the start of a deposit call: chargeAtomic 0 and the deposit's transaction. */
  | {
      readonly payment: VoucherPayment
      /** The channel after this call (or, at the start, after the deposit). */
      readonly state: ChannelState
      readonly chargeAtomic: Atomic
      readonly transaction?: string
    }
  /** `upto` and `exact`. Without chargeAtomic: settled, but the call has not ended. */
  | {
      readonly payment: Exclude<CallPayment, VoucherPayment>
      readonly chargeAtomic?: Atomic
      readonly transaction?: string
    }
  | {
      readonly payment: RefundPayment
      readonly state: ChannelState
      readonly refundedAtomic: Atomic
      readonly transaction: string
    }

function baseOf({
  payment,
  transaction = '',
}: {
  payment: CheckedPayment
  transaction?: string | undefined
}) {
  const network = payment.x402Version === 1 ? (v1NameOf(payment.network) ?? payment.network) : payment.network
  return { success: true, transaction, network, payer: checksumAddress(payment.payer) }
}

function channelExtra({ payment, state }: { payment: VoucherPayment | RefundPayment; state: ChannelState }) {
  const { channelId } = payment
  return {
    channelState: wireChannelState({ channelId, state, chargedCumulativeAtomic: state.chargedAtomic }),
  }
}

/** Never above the signed ceiling: a stock client would throw after it has paid, and its answer would be lost. */
function chargedAmount({ payment, chargeAtomic }: { payment: CallPayment; chargeAtomic: Atomic }): string {
  return minBigint(chargeAtomic, payment.ceilingAtomic).toString()
}

/**
 * Builds the receipt of a payment. Every amount is a decimal string of atomic units.
 *
 * A channel's receipt reports what is charged after this call, without holds: clients add `chargedAmount` to what they
 * know and go on only where the sums agree.
 */
export function buildReceipt(subject: ReceiptSubject): Receipt {
  if (subject.payment.kind === 'voucher' && 'state' in subject && 'chargeAtomic' in subject) {
    const { payment, state, chargeAtomic, transaction } = subject
    return {
      ...baseOf({ payment, transaction }),
      ...(transaction && payment.deposit ? { amount: payment.deposit.amountAtomic.toString() } : {}),
      extra: {
        chargedAmount: chargedAmount({ payment, chargeAtomic }),
        ...channelExtra({ payment, state }),
      },
    }
  }
  if ('refundedAtomic' in subject) {
    const { payment, state, refundedAtomic, transaction } = subject
    return {
      ...baseOf({ payment, transaction }),
      amount: refundedAtomic.toString(),
      extra: channelExtra({ payment, state }),
    }
  }
  return callReceipt(subject as Exclude<ReceiptSubject, { state: ChannelState }>)
}

function callReceipt({
  payment,
  chargeAtomic,
  transaction,
}: Exclude<ReceiptSubject, { state: ChannelState }>): Receipt {
  const movedAtomic = payment.kind === 'exact' ? payment.valueAtomic : chargeAtomic
  return {
    ...baseOf({ payment, transaction }),
    ...(movedAtomic === undefined ? {} : { amount: movedAtomic.toString() }),
    ...(chargeAtomic === undefined
      ? {}
      : { extra: { chargedAmount: chargedAmount({ payment, chargeAtomic }) } }),
  }
}

/** The header's value: base64 of the JSON. */
export const encodeReceipt = (receipt: Receipt): string =>
  Buffer.from(JSON.stringify(receipt)).toString('base64')

/** @returns undefined where the text is not base64 of a receipt's JSON. */
export function decodeReceipt(text: string): Receipt | undefined {
  try {
    const value: unknown = JSON.parse(textOfBase64(text))
    return isReceipt(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isReceipt(value: unknown): value is Receipt {
  if (typeof value !== 'object' || value === null) return false
  const { success, transaction, network } = value as Partial<Receipt>
  return typeof success === 'boolean' && typeof transaction === 'string' && typeof network === 'string'
}

/** The receipt as a comment of a stream, for its place before `data: [DONE]`; SSE readers skip comments. */
export const receiptComment = (receipt: Receipt): string => `: payment-response ${encodeReceipt(receipt)}\n\n`
