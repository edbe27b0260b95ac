import { processPaymentResponse, InMemoryClientChannelStorage } from '@x402/evm/batch-settlement/client'
import { decodePaymentResponseHeader } from '@x402/core/http'
import { expect, test } from 'vitest'
import { buildCorrective, CORRECTIVE_ERROR } from '../../../src/payment/offers/corrective.ts'
import { buildPaymentRequired } from '../../../src/payment/payment-required.ts'
import {
  buildReceipt,
  decodeReceipt,
  encodeReceipt,
  receiptComment,
} from '../../../src/payment/receipts/receipt.ts'
import { ERRORS } from '../../../src/lib/errors/registry.ts'
import type { ChannelState, CheckedPayment, VoucherPayment } from '../../../src/payment/types.ts'
import { check, makeOffers, pay, payV1, RESOURCE, stockClient, TERMS, USDC, USDT } from './stock-client.ts'

const TRANSACTION = `0x${'ab'.repeat(32)}`
const OPEN = { balance: 1_000_000n, totalClaimed: 0n }

const STATE: ChannelState = {
  balanceAtomic: 1_000_000n,
  chargedAtomic: 3_000n,
  heldAtomic: 20_000n,
  claimedAtomic: 1_000n,
  withdrawRequestedAt: 0,
  refundNonce: 2n,
}

async function voucherPayment(asset = USDC, channel = OPEN): Promise<VoucherPayment> {
  const checked = check({ payment: await pay({ scheme: 'batch-settlement', asset, channel }) })
  if (checked.kind !== 'voucher') throw new Error('not a voucher')
  return checked
}

const read = (receipt: Parameters<typeof encodeReceipt>[0]) =>
  decodePaymentResponseHeader(encodeReceipt(receipt))

test("a voucher's receipt reports the charge and the sum without holds, in strings", async () => {
  const payment = await voucherPayment()
  const receipt = buildReceipt({ payment, state: STATE, chargeAtomic: 3_000n })
  expect(read(receipt)).toEqual({
    success: true,
    transaction: '',
    network: 'eip155:84532',
    payer: '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A',
    extra: {
      chargedAmount: '3000',
      channelState: {
        channelId: payment.channelId,
        balance: '1000000',
        totalClaimed: '1000',
        withdrawRequestedAt: 0,
        refundNonce: '2',
        chargedCumulativeAmount: '3000',
      },
    },
  })
})

test("the stock client's store follows our receipts: deposit first, charges later", async () => {
  const payment = await voucherPayment(USDC, { balance: 0n, totalClaimed: 0n })
  const storage = new InMemoryClientChannelStorage()
  const { channelId, deposit } = payment
  const state = { ...STATE, chargedAtomic: 0n }
  const start = encodeReceipt(buildReceipt({ payment, state, chargeAtomic: 0n, transaction: TRANSACTION }))
  const local = { channelId, requestAmount: payment.offer.amount }
  await processPaymentResponse(storage, () => start, { ...local, depositAmount: `${deposit?.amountAtomic}` })
  expect(await storage.get(channelId)).toMatchObject({ balance: '1000000', chargedCumulativeAmount: '0' })
  const end = encodeReceipt(buildReceipt({ payment, state: STATE, chargeAtomic: 3_000n }))
  await processPaymentResponse(storage, () => end, local)
  expect(await storage.get(channelId)).toMatchObject({ balance: '1000000', chargedCumulativeAmount: '3000' })
})

test('a charge above the ceiling is never shown to a client, which would throw after it has paid', async () => {
  const payment = await voucherPayment()
  const receipt = buildReceipt({ payment, state: STATE, chargeAtomic: 10_001n })
  expect(receipt.extra).toMatchObject({ chargedAmount: '10000' })
})

test('upto tells its charge, exact what was settled, v1 its network by name', async () => {
  const of = async (payment: Promise<Record<string, unknown>>) => check({ payment: await payment })
  const upto = await of(pay({ scheme: 'upto', asset: USDC }))
  const exact = await of(pay({ scheme: 'exact', asset: USDC }))
  const v1 = await of(payV1())
  const build = (payment: CheckedPayment, rest: { chargeAtomic?: bigint; transaction?: string }) => {
    if (payment.kind !== 'upto' && payment.kind !== 'exact') throw new Error(payment.kind)
    return read(buildReceipt({ payment, ...rest }))
  }
  expect(build(upto, { chargeAtomic: 3_700n })).toMatchObject({
    transaction: '',
    amount: '3700',
    extra: { chargedAmount: '3700' },
  })
  const settled = build(exact, { transaction: TRANSACTION })
  expect(settled).toMatchObject({ transaction: TRANSACTION, network: 'eip155:84532', amount: '10100' })
  expect(settled).not.toHaveProperty('extra')
  expect(build(exact, { transaction: TRANSACTION, chargeAtomic: 5n })).toMatchObject({
    extra: { chargedAmount: '5' },
  })
  expect(build(v1, { transaction: TRANSACTION })).toMatchObject({ network: 'base-sepolia', success: true })
})

test("a refund's receipt tells what came back", async () => {
  const payment = await pay({ scheme: 'batch-settlement', asset: USDC, channel: OPEN })
  const payload = payment['payload'] as Record<string, unknown>
  const refund = check({ payment: { ...payment, payload: { ...payload, type: 'refund' } } })
  if (refund.kind !== 'refund') throw new Error('not a refund')
  const receipt = buildReceipt({
    payment: refund,
    state: STATE,
    refundedAtomic: 997_000n,
    transaction: TRANSACTION,
  })
  expect(read(receipt)).toMatchObject({
    success: true,
    transaction: TRANSACTION,
    amount: '997000',
    extra: { channelState: { refundNonce: '2' } },
  })
})

test('a receipt survives its header and its comment; other text is no receipt', async () => {
  const receipt = buildReceipt({ payment: await voucherPayment(), state: STATE, chargeAtomic: 1n })
  expect(decodeReceipt(encodeReceipt(receipt))).toEqual(receipt)
  const comment = receiptComment(receipt)
  expect(comment).toMatch(/^: payment-response [A-Za-z0-9+/=]+\n\n$/)
  expect(decodeReceipt(comment.slice(': payment-response '.length).trim())).toEqual(receipt)
  for (const text of ['', '!!', 'bnVsbA==', Buffer.from('{"success":1}').toString('base64')]) {
    expect(decodeReceipt(text)).toBeUndefined()
  }
})

test("a corrective shows the channel's own offer first, with proof, and a stock client follows it", async () => {
  const payment = await voucherPayment(USDT)
  const { channelId, network, voucher } = payment
  const highest = { maxAtomic: 10_000n, signature: voucher.signature }
  const state = { ...STATE, chargedAtomic: 3_000n, heldAtomic: 5_000n, claimedAtomic: 0n, highest }
  const channel = { channelId, network, token: USDT.address }
  const corrective = buildCorrective({ offers: makeOffers(), channel, state })
  expect(corrective.error).toBe(CORRECTIVE_ERROR)
  expect(ERRORS).toHaveProperty(CORRECTIVE_ERROR)
  expect(corrective.offers.map(({ scheme, asset }) => `${scheme} ${asset.slice(-4).toLowerCase()}`)).toEqual([
    'batch-settlement 0aa3',
    'batch-settlement cf7e',
    'upto cf7e',
    'upto 0aa3',
    'exact cf7e',
    'exact 0aa3',
  ])
  const required = buildPaymentRequired({ ...corrective, resource: RESOURCE })
  const storage = new InMemoryClientChannelStorage()
  const { batch } = stockClient({ channel: OPEN, options: { storage } })
  expect(await batch.processCorrectivePaymentRequired(required as never)).toBe(true)
  expect(await storage.get(channelId)).toMatchObject({
    chargedCumulativeAmount: '8000',
    signedMaxClaimable: '10000',
    balance: '1000000',
  })
})

test('a corrective before any voucher sends the client to the chain', async () => {
  const payment = await voucherPayment()
  const channel = { channelId: payment.channelId, network: payment.network, token: USDC.address }
  const state = { ...STATE, chargedAtomic: 0n, heldAtomic: 0n, claimedAtomic: 0n }
  const { offers } = buildCorrective({ offers: makeOffers(), channel, state })
  expect(offers[0]?.extra).not.toHaveProperty('voucherState')
  const missing = { ...channel, token: TERMS.payTo }
  expect(() => buildCorrective({ offers: makeOffers(), channel: missing, state })).toThrow(RangeError)
})
