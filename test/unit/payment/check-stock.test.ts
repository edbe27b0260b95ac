import { expect, test } from 'vitest'
import { computeChannelId } from '@x402/evm/batch-settlement/client'
import { privateKeyToAccount } from 'viem/accounts'
import { buildPaymentRequired } from '../../../src/payment/payment-required.ts'
import { addressOfPrivateKey } from '../../../src/payment/signing/signature.ts'
import {
  check,
  CEILING_PICO_USD,
  KEYS,
  makeOffers,
  makeQuote,
  pay,
  payV1,
  RESOURCE,
  stockClient,
  TERMS,
  USDC,
  USDT,
} from './stock-client.ts'

const payer = addressOfPrivateKey({ privateKey: KEYS.payer })
const OPEN = { balance: 1_000_000n, totalClaimed: 0n }

test.each([
  { asset: USDC, method: 'eip3009' },
  { asset: USDT, method: 'permit2' },
] as const)('a stock client opens a channel in $asset.symbol', async ({ asset, method }) => {
  const checked = check({ payment: await pay({ scheme: 'batch-settlement', asset }) })
  expect(checked).toMatchObject({
    kind: 'voucher',
    x402Version: 2,
    payer,
    asset,
    ceilingAtomic: 10_000n,
    feePicoUsd: 0n,
    voucher: { maxAtomic: 10_000n },
    deposit: { method, amountAtomic: 1_000_000n },
    quote: { ceilingPicoUsd: CEILING_PICO_USD },
  })
})

test.each([USDC, USDT])('a stock client pays by voucher in $symbol', async (asset) => {
  const payment = await pay({ scheme: 'batch-settlement', asset, channel: OPEN })
  const checked = check({ payment })
  expect(checked).toMatchObject({ kind: 'voucher', payer, ceilingAtomic: 10_000n })
  expect(checked).not.toHaveProperty('deposit')
  if (checked.kind !== 'voucher') throw new Error('not a voucher')
  expect(checked.channelId).toBe(computeChannelId({ ...checked.config }, asset.network))
})

test('a stock client may let a delegate sign its vouchers', async () => {
  const voucherSigner = privateKeyToAccount(KEYS.delegate)
  const payment = await pay({
    scheme: 'batch-settlement',
    asset: USDC,
    options: { voucherSigner },
  })
  expect(check({ payment })).toMatchObject({
    payer,
    config: { payerAuthorizer: voucherSigner.address.toLowerCase() },
    deposit: { method: 'eip3009' },
  })
})

test('a channel that names no authorizer buys nothing: its payer could disown its vouchers', async () => {
  const payment = await pay({
    scheme: 'batch-settlement',
    asset: USDC,
    channel: OPEN,
    options: { payerAuthorizer: '0x0000000000000000000000000000000000000000' },
  })
  expect(() => check({ payment })).toThrow(
    expect.objectContaining({
      code: 'payment_unsupported',
      details: expect.objectContaining({ param: 'payload.channelConfig.payerAuthorizer' }) as unknown,
    }),
  )
})

test.each([USDC, USDT])('a stock client pays upto in $symbol', async (asset) => {
  const checked = check({ payment: await pay({ scheme: 'upto', asset }) })
  // $0.01 and a fee of $0.0001.
  expect(checked).toMatchObject({
    kind: 'upto',
    payer,
    asset,
    permittedAtomic: 10_100n,
    ceilingAtomic: 10_100n,
  })
})

test.each([
  { asset: USDC, method: 'eip3009' },
  { asset: USDT, method: 'permit2' },
] as const)('a stock client pays exact in $asset.symbol', async ({ asset, method }) => {
  const checked = check({ payment: await pay({ scheme: 'exact', asset }) })
  expect(checked).toMatchObject({ kind: 'exact', method, payer, asset, valueAtomic: 10_100n })
})

test('a stock v1 client pays exact', async () => {
  const checked = check({ payment: await payV1() })
  expect(checked).toMatchObject({
    kind: 'exact',
    x402Version: 1,
    method: 'eip3009',
    payer,
    valueAtomic: 10_100n,
  })
  expect(checked).not.toHaveProperty('quote')
})

test('a stock client echoes a quote that stands once in the extensions', async () => {
  const many = Array.from({ length: 6 }, (_, index) => ({
    ...USDT,
    address: `0x${String(index).repeat(40)}` as const,
  }))
  const terms = { ...TERMS, assets: [USDC, ...many] }
  const required = buildPaymentRequired({ offers: makeOffers({ terms }), resource: RESOURCE })
  expect(required.accepts[0]?.extra).not.toHaveProperty('quote')
  const payment = await stockClient().client.createPaymentPayload(required as never)
  expect(check({ payment: { ...payment }, terms })).toMatchObject({ kind: 'voucher', payer })
})

test('a refund needs a quote of ours, though not one for this request', async () => {
  const quote = makeQuote({ requestHash: Buffer.alloc(32, 7).toString('base64url') })
  const payment = await pay({
    scheme: 'batch-settlement',
    asset: USDC,
    channel: OPEN,
    offers: makeOffers({ quote }),
  })
  const { voucher, channelConfig } = payment['payload'] as Record<string, unknown>
  const refund = { ...payment, payload: { type: 'refund', voucher, channelConfig, amount: '5' } }
  expect(check({ payment: refund })).toMatchObject({ kind: 'refund', amountAtomic: 5n, payer })
  expect(() => check({ payment })).toThrow(expect.objectContaining({ code: 'quote_mismatch' }))
})
