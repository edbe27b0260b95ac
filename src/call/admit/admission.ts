import { ACCOUNTS, tokenLedger } from '../../ledger/accounts.ts'
import { paymentKey } from '../../payment/check/payment-key.ts'
import { storedDecision } from '../../routing/explanation.ts'
import type { CallPayment } from '../../payment/types.ts'
import { budgetHolds } from '../budgets/terms.ts'
import type { Admission, Hold, PlannedCall } from '../types.ts'

/** The account that a payment's hold is taken from, per kind of payment. */
function holderOf(payment: CallPayment): string {
  if (payment.kind === 'voucher') return ACCOUNTS.channel(payment.channelId)
  return payment.kind === 'upto' ? ACCOUNTS.receivable(payment.payer) : ACCOUNTS.credit(payment.payer)
}

/** The row of W1 for a planned call and its checked payment, without what only one scheme has. */
export function admissionOf({
  planned,
  payment,
  atMs,
}: {
  planned: PlannedCall
  payment: CallPayment
  atMs: number
}): Admission {
  const [endpoint] = planned.candidates
  const { network, asset, ceilingAtomic } = payment
  const hold: Hold = {
    ledger: tokenLedger({ network, asset: asset.address }),
    account: holderOf(payment),
    amount: ceilingAtomic,
  }
  return {
    ...originOf(planned),
    paymentKey: paymentKey(payment),
    scheme: payment.scheme,
    network,
    asset: asset.address,
    decimals: asset.decimals,
    payer: { kind: 'wallet', id: payment.payer },
    holds: [hold, ...budgetHolds({ planned, feePicoUsd: payment.feePicoUsd, atMs })],
    ceilingAtomic,
    feePicoUsd: payment.feePicoUsd,
    endpointId: endpoint.id,
    providerId: endpoint.providerId,
    region: endpoint.region,
    atMs,
  }
}

/** What the call brings to its row, whoever pays. */
export function originOf(planned: PlannedCall) {
  const { organizationId, principalId, keyId, idempotencyKey, decision, reason, caller } = planned
  const voucherIds = caller?.rules.voucher?.levels.map(({ id }) => id)
  return {
    callId: planned.callId,
    requestId: planned.requestId,
    requestHash: planned.requestHash,
    modelId: planned.model.id,
    strategy: planned.strategy,
    priceBook: planned.priceBook,
    ...(decision ? { decision: storedDecision({ decision, reason }) } : {}),
    outputCap: planned.outputCap,
    estimatedCostPicoUsd: planned.estimatePicoUsd,
    streamed: planned.request.stream,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(organizationId === undefined ? {} : { organizationId }),
    ...(principalId === undefined ? {} : { principalId }),
    ...(keyId === undefined ? {} : { keyId }),
    ...(voucherIds ? { voucherIds } : {}),
  }
}
