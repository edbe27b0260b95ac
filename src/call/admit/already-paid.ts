import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { buildReceipt, encodeReceipt, type Receipt } from '../../payment/receipts/receipt.ts'
import type { CallPayment } from '../../payment/types.ts'
import type { CallRecord, PlannedCall } from '../types.ts'

/**
 * The answer to a payment that bought a call before: 409 with the call's id, and once it has ended with its receipt. Never an
 * answer, never a second run. Of a call that its caller has named, any other request under the name is a conflict.
 */
export function alreadyPaid({
  call,
  payment,
  planned,
}: {
  call: CallRecord
  /** Absent: an organisation's balance pays. */
  payment?: CallPayment
  /** The request that came now. */
  planned: Pick<PlannedCall, 'idempotencyKey' | 'requestHash'>
}): TurnpikeError {
  const headers = { 'x-call-id': call.callId, 'x-should-retry': 'false' }
  const isNamed = planned.idempotencyKey !== undefined
  if (isNamed && call.admission.requestHash !== planned.requestHash)
    return new TurnpikeError('idempotency_conflict', { extra: { call_id: call.callId }, headers })
  if (!call.capture) {
    return new TurnpikeError('payment_in_flight', {
      extra: { call_id: call.callId },
      headers,
      retryAfterMs: 1_000,
    })
  }
  const ended = { call_id: call.callId, state: call.state, charge: call.capture.chargeAtomic.toString() }
  if (!payment) return new TurnpikeError('payment_already_used', { extra: ended, headers })
  const receipt = receiptOf({ call, payment })
  const isSameScheme = call.admission.scheme === payment.scheme
  const receiptName = payment.x402Version === 1 ? 'x-payment-response' : 'payment-response'
  return new TurnpikeError('payment_already_used', {
    extra: { ...ended, receipt },
    // A client reads the header as the receipt of what it has just signed: under another scheme that would be another sum.
    headers: isSameScheme ? { ...headers, [receiptName]: encodeReceipt(receipt) } : headers,
  })
}

function receiptOf({ call, payment }: { call: CallRecord; payment: CallPayment }): Receipt {
  const chargeAtomic = call.capture?.chargeAtomic ?? 0n
  const transaction = call.transaction === undefined ? {} : { transaction: call.transaction }
  if (payment.kind !== 'voucher') return buildReceipt({ payment, chargeAtomic, ...transaction })
  const { network, payer } = payment
  const extra = { chargedAmount: chargeAtomic.toString(), channelId: payment.channelId }
  return { success: true, transaction: call.transaction ?? '', network, payer, extra }
}
