import { join } from 'node:path'
import { expect, test } from 'vitest'
import { devTerms } from '../../../src/app/options/defaults.ts'
import { readConfig } from '../../../src/config/read-config.ts'
import { picoUsdToAtomic } from '../../../src/lib/money.ts'
import { usdtAsset } from '../../../src/payment/tokens/assets.ts'
import { checkPayment } from '../../../src/payment/check/check.ts'
import { buildOffers } from '../../../src/payment/offers/offers.ts'
import { decodePayment } from '../../../src/payment/check/payload.ts'
import { createSignatureCheck } from '../../../src/payment/signing/signature.ts'
import { hashRequest, signQuote } from '../../../src/payment/offers/quote.ts'
import type { Asset, Offer, Terms } from '../../../src/payment/types.ts'
import { countDuring, newPayment, useAttackedStack } from '../../support/attacked-stack.ts'
import { readAnswer, readError } from '../../support/chat.ts'
import { fillLedgerFolder } from '../../support/ledger-folder.ts'
import type { WirePayment } from '../../support/stock-payer.ts'
import { encodeBase64, exactPayment, sendPaid, uptoPayment } from '../../support/wire-payment.ts'

const stack = useAttackedStack()
const SECRET = 'a secret of the tests, 32 characters'
/** USDT as BSC has it: the same dollar is a million million times more units. */
const WIDE = usdtAsset({ network: 'eip155:84532', address: `0x${'b5'.repeat(20)}`, decimals: 18 })
const TIMES = 10n ** 12n
const CEILING_PICO_USD = 12_345_678_901n

function offersOf(terms: Terms): { offers: readonly Offer[]; requestHash: string } {
  const body = Buffer.from('{}')
  const requestHash = hashRequest({ method: 'POST', path: '/', body, secret: SECRET })
  const quote = {
    nonce: '0192f0c1-2345-7abc-8def-0123456789ab',
    requestHash,
    ceilingPicoUsd: CEILING_PICO_USD,
    priceBook: 'book',
    expiresAtMs: Date.now() + 120_000,
  }
  const token = signQuote({ quote, secret: SECRET })
  return { offers: buildOffers({ terms, quote, token, estimatePicoUsd: 1n }), requestHash }
}

/** A server that takes USDC with 6 decimals and USDT with 18. */
const mixedTerms = (): Terms => {
  const terms = devTerms({ config: readConfig({}), world: stack().world })
  return { ...terms, assets: [stack().usdc, WIDE] }
}
const offerOf = (offers: readonly Offer[], asset: Asset, scheme: string) =>
  offers.find((one) => one.asset.toLowerCase() === asset.address && one.scheme === scheme)

test('one call is the same dollars in a token of 6 and in one of 18 decimals', () => {
  const { offers } = offersOf(mixedTerms())
  for (const scheme of ['batch-settlement', 'upto', 'exact']) {
    const [narrow, wide] = [stack().usdc, WIDE].map((asset) => offerOf(offers, asset, scheme))
    const narrowAtomic = BigInt(narrow?.amount ?? 0)
    const wideAtomic = BigInt(wide?.amount ?? 0)
    // Rounded up once each: the coarser token by less than one of its units.
    expect(narrowAtomic * TIMES - wideAtomic).toBeGreaterThanOrEqual(0n)
    expect(narrowAtomic * TIMES - wideAtomic).toBeLessThan(TIMES)
  }
  const exact = offerOf(offers, WIDE, 'batch-settlement')
  expect(exact?.amount).toBe(picoUsdToAtomic({ amountPicoUsd: CEILING_PICO_USD, decimals: 18 }).toString())
})

test('units of one token are no payment in the other', async () => {
  const terms = mixedTerms()
  const { offers, requestHash } = offersOf(terms)
  const payer = await stack().newPayer()
  const wide = offerOf(offers, WIDE, 'upto')
  const narrow = offerOf(offers, stack().usdc, 'exact')
  if (!wide || !narrow) throw new Error('An offer is missing.')
  const asWire = (offer: Offer, amount: string) => ({ ...offer, amount }) as WirePayment['accepted']
  const check = (payment: WirePayment) => {
    const decoded = decodePayment({ paymentSignature: encodeBase64(payment) })
    if (!decoded) throw new Error('There is no payment.')
    const context = { terms, requestHash, quotedCeilingPicoUsd: CEILING_PICO_USD, quoteSecret: SECRET }
    return checkPayment({
      payment: decoded,
      ...context,
      nowMs: Date.now(),
      signatures: createSignatureCheck(),
    })
  }
  // As offered both are good; each signed over the other's number is neither.
  expect(check(uptoPayment({ offer: asWire(wide, wide.amount), payer })).payer).toBe(payer.address)
  const cheap = uptoPayment({ offer: asWire(wide, narrow.amount), payer })
  expect(() => check(cheap)).toThrow(expect.objectContaining({ code: 'offer_mismatch' }))
  const dear = exactPayment({ offer: asWire(narrow, wide.amount), payer, asset: stack().usdc })
  expect(() => check(dear)).toThrow(expect.objectContaining({ code: 'offer_mismatch' }))
})

test('a server whose table has the wrong decimals does not start, and says what to write', async () => {
  const terms = devTerms({ config: readConfig({}), world: stack().world })
  const assets = terms.assets.map((asset) => ({ ...asset, decimals: 18 }))
  const place = { dataDirectory: join(stack().ledgerFolder, '../wrong') }
  await fillLedgerFolder(place.dataDirectory)
  await expect(stack().openInstance({ place, terms: { ...terms, assets } })).rejects.toThrow(
    /has 6 decimals; the table says 18/,
  )
})

test('the running server refuses an amount in other units, and charges none of it', async () => {
  const { body, payment, payer } = await newPayment({ stack: stack(), scheme: 'exact' })
  const wideAmount = (BigInt(payment.accepted.amount) * TIMES).toString()
  const offer = { ...payment.accepted, amount: wideAmount }
  const { value, upstreamCalls, charged } = await countDuring({
    stack: stack(),
    attack: () =>
      sendPaid({ stack: stack(), body, payment: exactPayment({ offer, payer, asset: stack().usdc }) }),
  })
  expect(value.status).toBe(402)
  expect((await readError(value)).code).toBe('offer_mismatch')
  expect({ upstreamCalls, charged }).toEqual({ upstreamCalls: 0, charged: 0n })
  expect((await readAnswer(await sendPaid({ stack: stack(), body, payment }))).text).not.toBe('')
})
