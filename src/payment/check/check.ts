import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { PicoUsd } from '../../lib/money.ts'
import { checkChannelPayload } from './check-channel.ts'
import { checkEip3009, checkPermit2, type Agreed } from './check-transfer.ts'
import { matchAmount, matchTemplate, mismatch } from './check-offer.ts'
import { offeredAtomic, offerFrom, offerTemplates } from '../offers/offers.ts'
import type { DecodedPayment } from './payload.ts'
import { readQuote, type QuoteSecret } from '../offers/quote.ts'
import type { SignatureCheck } from '../signing/signature.ts'
import { sponsoredOf } from './sponsoring.ts'
import type { CheckedPayment, Quote, Terms } from '../types.ts'

export type PaymentCheck = {
  readonly payment: DecodedPayment
  readonly terms: Terms
  /** Of the request that came with the payment (payment/offers/quote). */
  readonly requestHash: string
  /** The ceiling of this request's fresh plan: the price of a v1 payment, which cannot echo its quote. */
  readonly quotedCeilingPicoUsd: PicoUsd
  readonly quoteSecret: QuoteSecret
  readonly nowMs: number
  readonly signatures: SignatureCheck
}

type PaymentOfVersion<Version extends 1 | 2> = Extract<DecodedPayment, { x402Version: Version }>

function quoteOf({ payment, secret }: { payment: PaymentOfVersion<2>; secret: QuoteSecret }): Quote {
  if (payment.quoteToken === undefined) throw new TurnpikeError('quote_missing')
  const quote = readQuote({ token: payment.quoteToken, secret })
  if (!quote) throw new TurnpikeError('quote_forged')
  return quote
}

function checkV2({ payment, ...context }: PaymentCheck & { payment: PaymentOfVersion<2> }): CheckedPayment {
  const { terms, nowMs, signatures } = context
  const { accepted, payload } = payment
  const template = matchTemplate({ accepted, terms })
  const quote = quoteOf({ payment, secret: context.quoteSecret })
  const ceilingAtomic = offeredAtomic({ template, ceilingPicoUsd: quote.ceilingPicoUsd })
  const offer = offerFrom({ template, amountAtomic: ceilingAtomic, token: payment.quoteToken })
  matchAmount({ accepted, offer, amountAtomic: ceilingAtomic })
  if (nowMs >= quote.expiresAtMs) throw new TurnpikeError('quote_expired')
  // A refund is asked for by GET with the quote of that path's default price, so it names no request.
  if (payload.type !== 'refund' && quote.requestHash !== context.requestHash) {
    throw new TurnpikeError('quote_mismatch')
  }
  const agreed: Agreed = {
    x402Version: 2,
    network: accepted.network,
    asset: template.asset,
    offer,
    ceilingAtomic,
    feePicoUsd: template.feePicoUsd,
    quote,
  }
  const nowSeconds = Math.floor(nowMs / 1000)
  const withSponsored = (checked: CheckedPayment): CheckedPayment => {
    const { sponsoring: claims } = payment
    return claims
      ? { ...checked, ...sponsoredOf({ checked, claims, terms, nowSeconds, signatures }) }
      : checked
  }
  if (payload.type === 'eip3009') {
    return checkEip3009({ payload, agreed, recipient: terms.till, nowSeconds, signatures })
  }
  if (payload.type === 'permit2') {
    return withSponsored(
      checkPermit2({ payload, scheme: template.scheme, agreed, terms, nowSeconds, signatures }),
    )
  }
  return withSponsored(checkChannelPayload({ payload, agreed, terms, nowSeconds, signatures }))
}

/** v1 names neither token nor offer: it is held against the one `exact` offer that a 402 shows for its network. */
function checkV1({ payment, ...context }: PaymentCheck & { payment: PaymentOfVersion<1> }): CheckedPayment {
  const { terms, signatures } = context
  const template = offerTemplates(terms).find(
    ({ scheme, asset }) =>
      scheme === 'exact' && asset.network === payment.network && asset.transfer === 'eip3009',
  )
  if (!template) throw mismatch('network')
  const ceilingAtomic = offeredAtomic({ template, ceilingPicoUsd: context.quotedCeilingPicoUsd })
  const agreed: Agreed = {
    x402Version: 1,
    network: payment.network,
    asset: template.asset,
    offer: offerFrom({ template, amountAtomic: ceilingAtomic }),
    ceilingAtomic,
    feePicoUsd: template.feePicoUsd,
  }
  const nowSeconds = Math.floor(context.nowMs / 1000)
  return checkEip3009({ payload: payment.payload, agreed, recipient: terms.till, nowSeconds, signatures })
}

/**
 * Checks a payment against this server's own terms, cheapest test first: offer, quote, times, what is authorised, and
 * the signatures last. No I/O; nothing is consumed, so that a refused payment may be corrected with the same quote.
 *
 * Funds, balances and whether the payment was used before are not looked at (call/admit/admit does).
 *
 * @throws TurnpikeError offer_mismatch (`param` names the field), quote_missing, quote_forged, quote_expired,
 *   quote_mismatch, payment_expired, payment_validity_too_short, payment_not_yet_valid, signature_invalid,
 *   signature_malleable.
 */
export function checkPayment({ payment, ...context }: PaymentCheck): CheckedPayment {
  return payment.x402Version === 2 ? checkV2({ payment, ...context }) : checkV1({ payment, ...context })
}
