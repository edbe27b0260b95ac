import { expect, test } from 'vitest'
import { parsePaymentRequired } from '@x402/core/schemas'
import { getAddress } from 'viem'
import { buildOffers, feeFor } from '../../../src/payment/offers/offers.ts'
import {
  buildPaymentRequired,
  encodePaymentRequired,
  toV1Body,
} from '../../../src/payment/payment-required.ts'
import { signQuote } from '../../../src/payment/offers/quote.ts'
import type { Terms } from '../../../src/payment/types.ts'
import { makeOffers, makeQuote, offerOf, RESOURCE, SECRET, TERMS, USDC, USDT } from './stock-client.ts'

const TOKEN = signQuote({ quote: makeQuote({ nowMs: 0 }), secret: SECRET })
const error = { message: 'pay', type: 'payment_required', param: null, code: 'payment_required', next: 'pay' }

test('offers come in the order that stock clients shall choose from, with fee and recipient of their scheme', () => {
  const summary = makeOffers().map(({ scheme, asset, amount, payTo, maxTimeoutSeconds }) => ({
    what: `${scheme} ${asset.toLowerCase() === USDC.address ? 'USDC' : 'USDT'}`,
    amount,
    payTo: payTo.slice(-2).toLowerCase(),
    maxTimeoutSeconds,
  }))
  expect(summary).toEqual([
    { what: 'batch-settlement USDC', amount: '10000', payTo: 'aa', maxTimeoutSeconds: 120 },
    { what: 'batch-settlement USDT', amount: '10000', payTo: 'aa', maxTimeoutSeconds: 120 },
    { what: 'upto USDC', amount: '10100', payTo: 'aa', maxTimeoutSeconds: 900 },
    { what: 'upto USDT', amount: '10100', payTo: 'aa', maxTimeoutSeconds: 900 },
    { what: 'exact USDC', amount: '10100', payTo: 'bb', maxTimeoutSeconds: 120 },
    { what: 'exact USDT', amount: '10100', payTo: 'bb', maxTimeoutSeconds: 120 },
  ])
})

test('each offer carries what a stock client of its scheme reads, and nothing about payment flows', () => {
  const offers = buildOffers({ terms: TERMS, quote: makeQuote(), token: TOKEN, estimatePicoUsd: 1n })
  const extraOf = (scheme: 'batch-settlement' | 'upto' | 'exact', asset: typeof USDC) =>
    offerOf({ offers, scheme, asset }).extra
  expect(extraOf('batch-settlement', USDC)).toEqual({
    name: 'USDC',
    version: '2',
    receiverAuthorizer: getAddress(TERMS.receiverAuthorizer),
    withdrawDelay: 86_400,
    minDeposit: '1000000',
    quote: TOKEN,
  })
  expect(extraOf('batch-settlement', USDT)).toMatchObject({ assetTransferMethod: 'permit2' })
  expect(extraOf('upto', USDC)).toEqual({
    name: 'USDC',
    version: '2',
    assetTransferMethod: 'permit2',
    facilitatorAddress: getAddress(TERMS.signer),
    quote: TOKEN,
  })
  expect(extraOf('exact', USDC)).toEqual({ name: 'USDC', version: '2', quote: TOKEN })
  expect(extraOf('exact', USDT)).toEqual({ assetTransferMethod: 'permit2', quote: TOKEN })
})

test('ceiling and fee are rounded up together, once, in the decimals of the token', () => {
  const bsc = { ...USDT, decimals: 18 }
  const terms: Terms = {
    ...TERMS,
    assets: [USDC, bsc],
    settlementFees: [{ network: USDC.network, scheme: 'exact', feePicoUsd: 600_000n }],
  }
  const offers = makeOffers({ quote: makeQuote({ ceilingPicoUsd: 600_000n }), terms })
  expect(offerOf({ offers, scheme: 'exact', asset: USDC }).amount).toBe('2')
  expect(offerOf({ offers, scheme: 'exact', asset: bsc }).amount).toBe('1200000000000')
  expect(offerOf({ offers, scheme: 'upto', asset: USDC }).amount).toBe('1')
  expect(feeFor({ terms, network: 'eip155:8453', scheme: 'exact' })).toBe(0n)
})

test('the announced deposit is never below the price of the call', () => {
  const offers = makeOffers({ quote: makeQuote({ ceilingPicoUsd: 1_500_000_000_001n }) })
  expect(offerOf({ offers, scheme: 'batch-settlement', asset: USDC }).extra['minDeposit']).toBe('1500001')
})

test('a scheme whose fee is too large a share of the estimate is not offered', () => {
  const terms = { ...TERMS, maxFeeShareBps: 1_000 }
  const schemesAt = (estimatePicoUsd: bigint) =>
    new Set(
      buildOffers({ terms, quote: makeQuote(), token: TOKEN, estimatePicoUsd }).map(({ scheme }) => scheme),
    )
  expect(schemesAt(1_000_000_000n)).toEqual(new Set(['batch-settlement', 'upto', 'exact']))
  expect(schemesAt(999_999_999n)).toEqual(new Set(['batch-settlement']))
})

test("the 402 satisfies x402's own schemas, v2 in the header and v1 in the body", () => {
  const required = buildPaymentRequired({
    offers: makeOffers(),
    resource: RESOURCE,
    error: 'payment_required',
  })
  const sent: unknown = JSON.parse(Buffer.from(encodePaymentRequired(required), 'base64').toString())
  expect(sent).toEqual(required)
  expect(parsePaymentRequired(sent).success).toBe(true)
  const body = toV1Body({ offers: makeOffers(), resource: RESOURCE, error })
  expect(body.accepts).toEqual([
    {
      scheme: 'exact',
      network: 'base-sepolia',
      maxAmountRequired: '10100',
      resource: RESOURCE.url,
      description: RESOURCE.description,
      mimeType: RESOURCE.mimeType,
      payTo: getAddress(TERMS.till),
      maxTimeoutSeconds: 120,
      asset: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
      extra: { name: 'USDC', version: '2' },
    },
  ])
  // The schema wants a string error, which no published v1 client reads; the rest must hold.
  expect(parsePaymentRequired({ ...body, error: 'x' }).success).toBe(true)
  expect(body.error).toBe(error)
})

test('two tokens by three schemes fit into 8 KB with the quote in every offer', () => {
  const priceBook = 'p'.repeat(64)
  const required = buildPaymentRequired({
    offers: makeOffers({ quote: makeQuote({ ceilingPicoUsd: 10n ** 15n, priceBook }) }),
    resource: { ...RESOURCE, url: `https://router.example.com/${'a'.repeat(100)}` },
  })
  expect(encodePaymentRequired(required).length).toBeLessThan(8_192)
})

test('where the offers are many the quote stands once, and every offer loses it', () => {
  const assets = Array.from({ length: 4 }, (_, index) => ({
    ...USDT,
    address: `0x${`${index}`.repeat(40)}` as const,
  }))
  const offers = makeOffers({ terms: { ...TERMS, assets } })
  const required = buildPaymentRequired({ offers, resource: RESOURCE, extensions: { other: { info: {} } } })
  expect(required.accepts.some((offer) => 'quote' in offer.extra)).toBe(false)
  expect(required.extensions).toEqual({
    other: { info: {} },
    turnpike: { info: { quote: offers[0]?.extra['quote'] } },
  })
  expect(encodePaymentRequired(required).length).toBeLessThan(8_192)
})

test('what registries read is in the header where there is room, and the first thing to go where there is none', () => {
  const spareExtensions = { bazaar: { info: 'x'.repeat(900) } }
  const small = buildPaymentRequired({ offers: makeOffers(), resource: RESOURCE, spareExtensions })
  expect(small.extensions).toMatchObject(spareExtensions)
  expect(encodePaymentRequired(small).length).toBeLessThan(8_192)
  const assets = Array.from({ length: 4 }, (_, index) => ({
    ...USDT,
    address: `0x${`${index}`.repeat(40)}` as const,
  }))
  const offers = makeOffers({ terms: { ...TERMS, assets } })
  const large = buildPaymentRequired({ offers, resource: RESOURCE, spareExtensions })
  expect(large).toEqual(buildPaymentRequired({ offers, resource: RESOURCE }))
  expect(encodePaymentRequired(large).length).toBeLessThan(8_192)
})
