import { expect, test } from 'vitest'
import { depositKey, paymentKey } from '../../../src/payment/check/payment-key.ts'
import type { CallPayment } from '../../../src/payment/types.ts'
import { check, makeOffers, makeQuote, pay, payV1, USDC, USDT, type ChainChannel } from './stock-client.ts'

const OPEN: ChainChannel = { balance: 1_000_000n, totalClaimed: 0n }

function callOf(payment: Record<string, unknown>): CallPayment {
  const checked = check({ payment })
  if (checked.kind === 'refund') throw new Error('not a call')
  return checked
}

const hex = (key: Uint8Array | undefined) => Buffer.from(key ?? []).toString('hex')

test('a channel call is named by its quote, not by its voucher', async () => {
  const nonces = ['0192f0c1-2345-7abc-8def-0123456789ab', '0192f0c1-2345-7abc-8def-0123456789ac']
  const calls = await Promise.all(
    nonces.map(async (nonce) => {
      const offers = makeOffers({ quote: makeQuote({ nonce }) })
      return callOf(await pay({ scheme: 'batch-settlement', asset: USDC, channel: OPEN, offers }))
    }),
  )
  const [first, second] = calls
  if (first?.kind !== 'voucher' || second?.kind !== 'voucher') throw new Error('not vouchers')
  expect(first.voucher).toEqual(second.voucher)
  expect(calls.map((call) => hex(paymentKey(call)))).toEqual(nonces.map((nonce) => nonce.replaceAll('-', '')))
})

test('payments with nonces of their own have keys of their own', async () => {
  const calls = await Promise.all([
    pay({ scheme: 'exact', asset: USDC }),
    pay({ scheme: 'exact', asset: USDC }),
    pay({ scheme: 'exact', asset: USDT }),
    pay({ scheme: 'upto', asset: USDC }),
    payV1(),
  ])
  const keys = calls.map((payment) => hex(paymentKey(callOf(payment))))
  expect(new Set(keys).size).toBe(keys.length)
  expect(keys.every((key) => key.length === 64)).toBe(true)
})

test('an EIP-3009 nonce belongs to token and payer, whichever version or scheme uses it', async () => {
  const v1 = callOf(await payV1())
  if (v1.kind !== 'exact' || v1.method !== 'eip3009') throw new Error('not EIP-3009')
  const key = hex(paymentKey(v1))
  expect(hex(paymentKey({ ...v1, x402Version: 2, quote: makeQuote() }))).toBe(key)
  expect(hex(paymentKey({ ...v1, network: 'eip155:8453' }))).not.toBe(key)
  expect(hex(paymentKey({ ...v1, asset: { ...USDC, address: USDT.address } }))).not.toBe(key)
  expect(hex(paymentKey({ ...v1, payer: USDT.address }))).not.toBe(key)
  expect(hex(paymentKey({ ...v1, nonce: `0x${'00'.repeat(32)}` }))).not.toBe(key)
})

test('a Permit2 nonce belongs to the payer alone: over two tokens it can be settled only once', async () => {
  const upto = callOf(await pay({ scheme: 'upto', asset: USDC }))
  if (upto.kind !== 'upto') throw new Error('not upto')
  expect(hex(paymentKey({ ...upto, asset: USDT }))).toBe(hex(paymentKey(upto)))
  const exact = callOf(await pay({ scheme: 'exact', asset: USDT }))
  if (exact.kind !== 'exact' || exact.method !== 'permit2') throw new Error('not Permit2')
  expect(hex(paymentKey({ ...exact, nonce: upto.nonce }))).toBe(hex(paymentKey(upto)))
})

test('a deposit has a key in the same space, and a mere voucher has none', async () => {
  const deposit = callOf(await pay({ scheme: 'batch-settlement', asset: USDT }))
  const voucher = callOf(await pay({ scheme: 'batch-settlement', asset: USDC, channel: OPEN }))
  const upto = callOf(await pay({ scheme: 'upto', asset: USDC }))
  if (deposit.kind !== 'voucher' || voucher.kind !== 'voucher' || upto.kind !== 'upto')
    throw new Error('kinds')
  if (deposit.deposit?.method !== 'permit2') throw new Error('not Permit2')
  expect(depositKey(voucher)).toBeUndefined()
  expect(hex(depositKey(deposit))).toBe(hex(paymentKey({ ...upto, nonce: deposit.deposit.nonce })))
  const usdc = callOf(await pay({ scheme: 'batch-settlement', asset: USDC }))
  if (usdc.kind !== 'voucher') throw new Error('not a voucher')
  expect(hex(depositKey(usdc))).toMatch(/^[0-9a-f]{64}$/)
})
