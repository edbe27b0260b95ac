import { encodePaymentRequired, type PaymentRequired } from '../../../../src/payment/payment-required.ts'
import type { Offer } from '../../../../src/payment/types.ts'
import type { Exchange, Lie } from './lie.ts'

type Change = (required: PaymentRequired, exchange: Exchange) => PaymentRequired
type Between = NonNullable<Lie['between']>

export const readDemand = (header: string) =>
  JSON.parse(Buffer.from(header, 'base64').toString()) as PaymentRequired

function changed(response: Response, change: (required: PaymentRequired) => PaymentRequired): Response {
  const header = response.headers.get('payment-required')
  if (header === null) return response
  const headers = { 'payment-required': encodePaymentRequired(change(readDemand(header))) }
  return Response.json({}, { status: 402, headers })
}

/** Every 402 of the server, changed. */
export const changedDemands =
  (change: Change): Between =>
  async (exchange) =>
    changed(await exchange.answer(), (required) => change(required, exchange))

/** A 402 of the server's own making for every payment. */
export const demandsForPayments =
  (change: Change): Between =>
  async (exchange) =>
    exchange.isPaid
      ? changed(await exchange.ask402(), (required) => change(required, exchange))
      : exchange.answer()

export const eachOffer =
  (change: (offer: Offer) => Offer): Change =>
  (required) => ({ ...required, accepts: required.accepts.map(change) })

/** Tells the client that its channel is in this state, in the first offer, which may be changed as well. */
export const corrective =
  (state: object, more: object = {}): Change =>
  (required, { channelId }) => ({
    ...required,
    error: 'invalid_batch_settlement_evm_cumulative_amount_mismatch',
    accepts: required.accepts.map((offer, index) =>
      index === 0
        ? { ...offer, ...more, extra: { ...offer.extra, channelState: { channelId, ...state } } }
        : offer,
    ),
  })
