import { decodePaymentRequiredHeader } from '@x402/core/http'
import { expect, test } from 'vitest'
import { chooseAssets } from '../../../src/payment/offers/choose-assets.ts'
import { fitOffers } from '../../../src/payment/offers/fit-offers.ts'
import { buildPaymentRequired, encodePaymentRequired } from '../../../src/payment/payment-required.ts'
import { NETWORK_NAMES } from '../../../src/payment/tokens/tokens.ts'
import type { Asset, Network, Offer, Terms } from '../../../src/payment/types.ts'
import { check, makeOffers, makeQuote, RESOURCE, stockClient, TERMS } from './stock-client.ts'

const ALL = Object.keys(NETWORK_NAMES) as Network[]
/** Room that other extensions of a 402 take: a sign-in challenge, and that a payment may be named. */
const extensions = { 'sign-in-with-x': { info: { challenge: 'c'.repeat(320) } } }

/** As after a start that has confirmed every row; the domains that are read from the chain are Circle's usual one. */
function assetsOn(networks: readonly Network[]): readonly Asset[] {
  const { assets } = chooseAssets({ networks, own: [], chosen: undefined })
  return assets.map(({ isUnconfirmed: _flag, ...asset }) =>
    asset.transfer === 'eip3009' ? { eip712: { name: 'USD Coin', version: '2' }, ...asset } : asset,
  )
}

function demand(networks: readonly Network[]) {
  const terms: Terms = { ...TERMS, assets: assetsOn(networks) }
  // The most digits that a price of a call has.
  const quote = makeQuote({ ceilingPicoUsd: 99_999_999_999_999n, priceBook: 'p'.repeat(16) })
  const offers = makeOffers({ terms, quote })
  const required = buildPaymentRequired({ offers, resource: RESOURCE, extensions })
  return { terms, offers, required, bytes: encodePaymentRequired(required).length }
}

const pairs = ALL.flatMap((one, index) => ALL.slice(index + 1).map((other) => [one, other] as const))

test('all tokens of any two networks fit into a header below 8 KB, by every scheme', () => {
  for (const networks of pairs) {
    const { offers, required, bytes } = demand(networks)
    expect(bytes).toBeLessThan(8_192)
    expect(required.accepts).toHaveLength(offers.length)
  }
})

test.each([
  ['eip155:137', 'eip155:56'],
  // One of these tokens has a name that is not ASCII, and payers sign it.
  ['eip155:42161', 'eip155:43114'],
] as const)(
  'a stock client pays each of the offers of %s and %s with all their tokens',
  async (...networks) => {
    const { terms, required: sent } = demand(networks)
    const required = decodePaymentRequiredHeader(encodePaymentRequired(sent))
    expect(required.accepts).toHaveLength(12)
    for (const wanted of required.accepts) {
      const { client, address } = stockClient()
      client.registerPolicy((_version, offers) =>
        offers.filter(({ scheme, asset }) => scheme === wanted.scheme && asset === wanted.asset),
      )
      const payment = await client.createPaymentPayload(required)
      const checked = check({
        payment: JSON.parse(JSON.stringify(payment)) as Record<string, unknown>,
        terms,
        quotedCeilingPicoUsd: 99_999_999_999_999n,
      })
      expect(checked).toMatchObject({
        scheme: wanted.scheme,
        network: wanted.network,
        payer: address,
        asset: { address: wanted.asset.toLowerCase() },
      })
    }
  },
)

const countOf = (offers: readonly Offer[], scheme: string) =>
  offers.filter((offer) => offer.scheme === scheme).length

test('of all networks at once the header has what fits, and each network can be paid on', () => {
  const { offers, required, bytes } = demand(ALL.slice(0, 7))
  expect(bytes).toBeLessThan(8_192)
  expect(required.accepts.length).toBeLessThan(offers.length)
  for (const scheme of ['batch-settlement', 'exact']) {
    const networks = required.accepts.filter((offer) => offer.scheme === scheme).map(({ network }) => network)
    expect(networks).toEqual(ALL.slice(0, 7))
  }
  // Of a network's tokens the first stays.
  expect(countOf(required.accepts, 'upto')).toBeLessThan(countOf(required.accepts, 'exact'))
})

test('offers are left out in the order in which they are missed least, and the first one never is', () => {
  const { offers } = demand(['eip155:8453', 'eip155:42161'])
  const left = (count: number) => {
    const bytes = (offer: Offer | undefined) => JSON.stringify(offer).length
    const surplusBytes = count === 0 ? 0 : bytes(offers[0]) * (count - 1) + 1
    return fitOffers({ offers, surplusBytes })
  }
  expect(left(0)).toEqual(offers)
  const one = left(1)
  expect(
    offers.filter((offer) => !one.includes(offer)).map(({ scheme, network }) => `${scheme} ${network}`),
  ).toEqual(['upto eip155:42161'])
  expect(fitOffers({ offers, surplusBytes: 1_000_000 })).toEqual(offers.slice(0, 1))
})
