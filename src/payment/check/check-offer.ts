import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { Atomic } from '../../lib/money.ts'
import { offerTemplates, type OfferTemplate } from '../offers/offers.ts'
import type { AcceptedOffer } from '../types.ts'
import type { Offer, Terms } from '../types.ts'

/** Keys of `extra` that differ from request to request, or that a corrective 402 adds. */
const VARIABLE_EXTRA = new Set(['quote', 'channelState', 'voucherState'])

/** @param param the field of the payment that departs from the offer. */
export const mismatch = (param: string): TurnpikeError =>
  new TurnpikeError('offer_mismatch', {
    param,
    message: `"${param}" is not what was offered.`,
  })

export function demandEqual<T>({ actual, expected, param }: { actual: T; expected: T; param: string }): void {
  if (actual !== expected) throw mismatch(param)
}

/** The same JSON value, where hex may be in another case: clients differ in how they spell addresses. */
function isSameValue(left: unknown, right: unknown): boolean {
  if (left === right) return true
  if (typeof left !== 'string' || typeof right !== 'string' || !right.startsWith('0x')) return false
  return left.toLowerCase() === right.toLowerCase()
}

function matchExtra({ accepted, offer }: { accepted: AcceptedOffer; offer: Offer }): void {
  const expected = Object.keys(offer.extra).filter((key) => !VARIABLE_EXTRA.has(key))
  for (const key of expected) {
    if (!isSameValue(accepted.extra[key], offer.extra[key])) throw mismatch(`accepted.extra.${key}`)
  }
  const known = new Set([...expected, ...VARIABLE_EXTRA])
  if (Object.keys(accepted.extra).some((key) => !known.has(key))) throw mismatch('accepted.extra')
}

/** Finds the offer that a client accepts, by scheme, network and token, and compares all that has no price in it. */
export function matchTemplate({ accepted, terms }: { accepted: AcceptedOffer; terms: Terms }): OfferTemplate {
  const ofScheme = offerTemplates(terms).filter(({ scheme }) => scheme === accepted.scheme)
  if (ofScheme.length === 0) throw mismatch('accepted.scheme')
  const onNetwork = ofScheme.filter(({ asset }) => asset.network === accepted.network)
  if (onNetwork.length === 0) throw mismatch('accepted.network')
  const template = onNetwork.find(({ asset }) => asset.address === accepted.asset)
  if (!template) throw mismatch('accepted.asset')
  demandEqual({ actual: accepted.payTo, expected: template.payTo.toLowerCase(), param: 'accepted.payTo' })
  demandEqual({
    actual: accepted.maxTimeoutSeconds,
    expected: template.maxTimeoutSeconds,
    param: 'accepted.maxTimeoutSeconds',
  })
  return template
}

/** Compares the price, and the rest of `extra`, with the offer that the echoed quote makes. */
export function matchAmount({
  accepted,
  offer,
  amountAtomic,
}: {
  accepted: AcceptedOffer
  offer: Offer
  amountAtomic: Atomic
}): void {
  demandEqual({ actual: accepted.amountAtomic, expected: amountAtomic, param: 'accepted.amount' })
  matchExtra({ accepted, offer })
}
