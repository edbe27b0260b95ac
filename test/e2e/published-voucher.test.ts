import { afterAll, beforeAll, expect, test } from 'vitest'
import { payingFetch } from '../../src/client/index.ts'
import { chatBody, post, readAnswer, readError } from '../support/chat.ts'
import { startStack, type Stack } from '../support/start-stack.ts'
import { stockPayer } from '../support/stock-payer.ts'
import { offerFor, sendPaid } from '../support/wire-payment.ts'

let stack: Stack

beforeAll(async () => {
  stack = await startStack({ overrides: { sweepMs: 60_000 } })
})
afterAll(async () => {
  await stack.expectCleanBooks()
  await stack.close()
})

test('whoever copies a voucher from a claim buys nothing with it, and closes no channel', async () => {
  const payer = await stack.newPayer()
  const client = stockPayer({ stack, payer, scheme: 'batch-settlement' })
  // A large cap and a short answer: the voucher covers much more than was charged.
  await readAnswer(await client.pay(stack.chatUrl, post(chatBody({ max_tokens: 4_000 }))))
  const copied = client.exchanges.at(-1)?.payment?.payload
  await stack.settleUntilQuiet()

  const body = chatBody({ max_tokens: 16 })
  const offer = await offerFor({ stack, body, scheme: 'batch-settlement' })
  const { channelConfig, voucher } = copied ?? {}
  const stolen = { x402Version: 2, accepted: offer, payload: { type: 'voucher', channelConfig, voucher } }
  const callsBefore = stack.provider.calls()
  const refused = await sendPaid({ stack, body, payment: stolen })
  expect(refused.status).toBe(402)
  expect((await readError(refused)).code).toContain('cumulative_amount_mismatch')
  expect(stack.provider.calls()).toBe(callsBefore)

  const refund = { ...stolen, payload: { type: 'refund', channelConfig, voucher } }
  const header = Buffer.from(JSON.stringify(refund)).toString('base64')
  const closed = await fetch(stack.chatUrl, { headers: { 'payment-signature': header } })
  expect(closed.status).toBe(402)
  const refunds = (await stack.app.listTransactions()).filter(
    ({ purpose }) => purpose.kind === 'channel-refund',
  )
  expect(refunds).toEqual([])
})

test('a stock client goes on after its claim, alone and ten at once', async () => {
  const payer = await stack.newPayer()
  const client = stockPayer({ stack, payer, scheme: 'batch-settlement' })
  const call = async () => readAnswer(await client.pay(stack.chatUrl, post(chatBody())))
  await call()
  await stack.settleUntilQuiet()
  client.statuses()
  await call()
  expect(client.statuses()).toEqual([402, 200])
  await Promise.all(Array.from({ length: 10 }, call))
  await stack.settleUntilQuiet()
  await Promise.all(Array.from({ length: 10 }, call))
  await stack.settleUntilQuiet()
  await call()
})

test('our own client needs at most one correction after a claim, and none from then on', async () => {
  const payer = await stack.newPayer()
  let correctives = 0
  const pay = payingFetch(payer.account, {
    fetch: async (input, init) => {
      const response = await fetch(input, init)
      if (new Headers(init?.headers).has('payment-signature') && response.status === 402) correctives += 1
      return response
    },
  })
  const call = async () => readAnswer(await pay(stack.chatUrl, post(chatBody())))
  await Promise.all(Array.from({ length: 20 }, call))
  expect(correctives).toBe(0)
  await stack.settleUntilQuiet()
  for (let again = 0; again < 3; again += 1) await call()
  expect(correctives).toBeLessThanOrEqual(1)
  const before = correctives
  await Promise.all(Array.from({ length: 20 }, call))
  expect(correctives).toBe(before)
})
