import type { Offer } from '../types.ts'

const bytesOf = (offer: Offer) => Buffer.byteLength(JSON.stringify(offer)) + 1

/**
 * Leaves out offers until the rest needs so many bytes less, always from the end: first `upto` in a network's further tokens, then
 * these tokens, then `upto` in the first ones. What is left out is still taken where a client knows it from a quote.
 *
 * @param surplusBytes of JSON that there is no room for.
 */
export function fitOffers({
  offers,
  surplusBytes,
}: {
  offers: readonly Offer[]
  surplusBytes: number
}): readonly Offer[] {
  const inOrder = offers
    .map((offer, index) => ({ offer, index, need: needOf({ offer, index, offers }) }))
    .toSorted((a, b) => a.need - b.need || b.index - a.index)
  const out = new Set<Offer>()
  let bytes = surplusBytes
  // The first one stays whatever it needs: a 402 without an offer cannot be answered.
  for (const { offer } of inOrder.slice(0, -1)) {
    if (bytes <= 0) break
    out.add(offer)
    bytes -= bytesOf(offer)
  }
  return offers.filter((offer) => !out.has(offer))
}

function needOf({ offer, index, offers }: { offer: Offer; index: number; offers: readonly Offer[] }): number {
  const { scheme, network } = offer
  const isFirst = offers.findIndex((one) => one.scheme === scheme && one.network === network) === index
  return (isFirst ? 2 : 0) + (scheme === 'upto' ? 0 : 1)
}
