import type { Response } from 'express'
import type { Corrective, Priced } from '../../call/plan/demand.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { checkPayment } from '../../payment/check/check.ts'
import type { DecodedPayment } from '../../payment/check/payload.ts'
import { buildReceipt } from '../../payment/receipts/receipt.ts'
import type { RefundPayment } from '../../payment/types.ts'
import { type ChannelRefund, refundChannel } from '../../settlement/refunds/refund.ts'
import { receiptHeader, sendJson } from '../answer.ts'
import type { HttpDependencies } from '../dependencies.ts'

/**
 * A stock client's `scheme.refund(url)`: claims what was charged, refunds the rest on chain and answers 200 with the receipt.
 *
 * @returns what a client that signed another sum than was charged has to be told.
 * @throws payment_not_needed for any other payment on a probe, channel_busy while calls are held, refund_not_possible.
 */
export async function refundRoute({
  response,
  payment,
  priced,
  dependencies,
}: {
  response: Response
  payment: DecodedPayment
  priced: Priced
  dependencies: HttpDependencies
}): Promise<Corrective | undefined> {
  if (payment.payload.type !== 'refund') throw new TurnpikeError('payment_not_needed')
  const { terms, secret, clock, signatures, store } = dependencies.call
  const checked = checkPayment({
    payment,
    terms,
    requestHash: priced.requestHash,
    quotedCeilingPicoUsd: priced.ceilingPicoUsd,
    quoteSecret: secret,
    nowMs: clock.nowMs(),
    signatures,
  })
  if (checked.kind !== 'refund') throw new TurnpikeError('payment_not_needed')
  const { network, channelId, payer, amountAtomic } = checked
  const state = await store.getChannel({ network, channelId })
  if (!state) throw new TurnpikeError('channel_unknown')
  if (state.heldAtomic > 0n) throw new TurnpikeError('channel_busy', { retryAfterMs: 1_000 })
  // Claims publish vouchers on chain, and whoever copies one could close its channel. One over exactly what was charged is the
  // payer's own word for a refund; a client that knows another sum gets the true one and signs again.
  if (checked.voucher.maxAtomic !== state.chargedAtomic) {
    return { channelId, network, token: checked.asset.address, state }
  }
  const outcome = await refundChannel({
    network,
    asset: checked.asset.address,
    payer,
    channelId,
    ...(amountAtomic === undefined ? {} : { amountAtomic }),
    dependencies: dependencies.settlement,
  })
  await answerRefund({ response, checked, outcome, dependencies })
  return undefined
}

async function answerRefund({
  response,
  checked,
  outcome,
  dependencies,
}: {
  response: Response
  checked: RefundPayment
  outcome: ChannelRefund
  dependencies: HttpDependencies
}): Promise<void> {
  if (outcome.kind === 'busy') throw new TurnpikeError('channel_busy', { retryAfterMs: 1_000 })
  if (outcome.kind === 'nothing') throw new TurnpikeError('refund_not_possible')
  if (outcome.kind === 'failed')
    throw new TurnpikeError('refund_failed', { extra: { reason: outcome.reason } })
  const { network, channelId } = checked
  const state = await dependencies.call.store.getChannel({ network, channelId })
  if (!state) throw new TurnpikeError('channel_unknown')
  const { amountAtomic } = outcome
  const transaction = outcome.transaction ?? ''
  const receipt = buildReceipt({ payment: checked, state, refundedAtomic: amountAtomic, transaction })
  const body = { object: 'refund', channel_id: channelId, refunded: amountAtomic.toString(), transaction }
  sendJson({ response, status: 200, body, headers: receiptHeader({ receipt, x402Version: 2 }) })
}
