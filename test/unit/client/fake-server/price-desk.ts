import { LIMITS } from '../../../../src/lib/limits.ts'
import { checkPayment } from '../../../../src/payment/check/check.ts'
import { buildOffers } from '../../../../src/payment/offers/offers.ts'
import { decodePayment } from '../../../../src/payment/check/payload.ts'
import { buildPaymentRequired, encodePaymentRequired } from '../../../../src/payment/payment-required.ts'
import { hashRequest, signQuote } from '../../../../src/payment/offers/quote.ts'
import { createSignatureCheck } from '../../../../src/payment/signing/signature.ts'
import type { Offer } from '../../../../src/payment/types.ts'
import { URL_OF_CALLS } from './ask.ts'
import type { Behaviour } from './behaviour.ts'
import { TERMS } from './terms.ts'

const SECRET = 'only a test signs quotes with this'

/** Says what a call costs, by quotes and 402s, and checks what is paid for one. */
export function openPriceDesk(behaviour: Behaviour) {
  const signatures = createSignatureCheck()
  const terms = () => behaviour.terms?.() ?? TERMS
  const ceilingPicoUsd = () => behaviour.ceilingPicoUsd ?? 10_000_000_000n
  let quotes = 0

  const hashOf = ({ path, body, method = 'POST' }: { path: string; body: string; method?: string }) =>
    hashRequest({ method, path, body: Buffer.from(body), secret: SECRET })

  function quoteFor(requestHash: string) {
    quotes += 1
    const nonce = `0192f0c1-2345-7abc-8def-${quotes.toString(16).padStart(12, '0')}`
    const quote = {
      nonce,
      requestHash,
      ceilingPicoUsd: ceilingPicoUsd(),
      priceBook: 'book-1',
      expiresAtMs: Date.now() + LIMITS.quoteSeconds * 1_000,
    }
    const token = signQuote({ quote, secret: SECRET })
    const offers = buildOffers({ terms: terms(), quote, token, estimatePicoUsd: quote.ceilingPicoUsd })
    return { quote, offers }
  }

  function demand({ offers, error }: { offers: readonly Offer[]; error?: string }): Response {
    const resource = { url: URL_OF_CALLS, description: 'One call', mimeType: 'application/json' }
    const required = buildPaymentRequired({ offers, resource, ...(error === undefined ? {} : { error }) })
    const changed = behaviour.changeDemand?.(required) ?? required
    const headers = { 'payment-required': encodePaymentRequired(changed) }
    return Response.json({ error: { code: error ?? 'payment_required' } }, { status: 402, headers })
  }

  function answerQuote(body: string): Response {
    const { quote, offers } = quoteFor(hashOf({ path: new URL(URL_OF_CALLS).pathname, body }))
    return Response.json({
      object: 'quote',
      expires_at: new Date(quote.expiresAtMs).toISOString(),
      accepts: offers,
    })
  }

  function check({ header, requestHash }: { header: string; requestHash: string }) {
    const payment = decodePayment({ paymentSignature: header })
    if (!payment) throw new Error('no payment')
    return checkPayment({
      payment,
      terms: terms(),
      requestHash,
      quotedCeilingPicoUsd: ceilingPicoUsd(),
      quoteSecret: SECRET,
      nowMs: Date.now(),
      signatures,
    })
  }

  return { hashOf, quoteFor, demand, answerQuote, check }
}
