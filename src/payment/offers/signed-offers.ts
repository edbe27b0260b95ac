import type { PaymentRequired } from '../payment-required.ts'
import { OFFER_RECEIPT } from '../receipts/signed-receipt.ts'
import { signDigest } from '../signing/signature.ts'
import { x402OfferDigest } from '../receipts/typed-receipt.ts'
import type { Hex } from '../types.ts'

/** Bytes of JSON beyond which a header grows too long for proxies. */
const MOST_BYTES = 7_000

/**
 * Signs the offers of a 402 (x402's offer-receipt): proof that they came from this server. As many as the header has room for, in the
 * order of the offers.
 *
 * @param validUntil seconds since 1970, until which the quote is honoured.
 */
export function withSignedOffers({
  required,
  validUntil,
  privateKey,
}: {
  required: PaymentRequired
  validUntil: number
  privateKey: Hex
}): PaymentRequired {
  const signed: object[] = []
  let bytes = Buffer.byteLength(JSON.stringify(required))
  for (const [acceptIndex, offer] of required.accepts.entries()) {
    const { scheme, network, asset, payTo, amount } = offer
    const resourceUrl = required.resource.url
    const payload = { version: 1, resourceUrl, scheme, network, asset, payTo, amount, validUntil } as const
    const signature = signDigest({ digest: x402OfferDigest(payload), privateKey })
    const one = { format: 'eip712', acceptIndex, payload, signature }
    bytes += Buffer.byteLength(JSON.stringify(one))
    if (bytes > MOST_BYTES) break
    signed.push(one)
  }
  return {
    ...required,
    extensions: { ...required.extensions, [OFFER_RECEIPT]: { info: { offers: signed } } },
  }
}
