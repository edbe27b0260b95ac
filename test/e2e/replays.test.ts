import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Scheme } from '../../src/payment/types.ts'
import { chatBody, post, readAnswer, readError } from '../support/chat.ts'
import { startStack, type Stack } from '../support/start-stack.ts'
import { stockPayer, type WirePayment } from '../support/stock-payer.ts'
import { waitUntil } from '../support/wait-until.ts'
import { sendPaid, signFor } from '../support/wire-payment.ts'

let stack: Stack

beforeAll(async () => {
  stack = await startStack()
})
afterEach(() => stack.provider.setFaults())
afterAll(async () => {
  await stack.expectCleanBooks()
  await stack.close()
})

const SCHEMES = ['batch-settlement', 'upto', 'exact'] as const

/** A payment by the stock client for a body of its own, not sent yet. `isOpen`: on a channel that has money already. */
async function newPayment({ scheme, isOpen = false }: { scheme: Scheme; isOpen?: boolean }) {
  const stock = stockPayer({ stack, payer: await stack.newPayer(), scheme })
  if (isOpen) await readAnswer(await stock.pay(stack.chatUrl, post(chatBody())))
  const body = chatBody()
  return { body, payment: await signFor({ stack, client: stock.client, body }), stock }
}

const CASES = [
  ...SCHEMES.flatMap((scheme) => [2, 20].map((copies) => ({ scheme, copies, isOpen: false }))),
  { scheme: 'batch-settlement' as const, copies: 20, isOpen: true },
]

test.each(CASES)(
  'one $scheme payment sent $copies times at once (channel open: $isOpen) buys one call, and the others are told so',
  async ({ scheme, copies, isOpen }) => {
    const { body, payment } = await newPayment({ scheme, isOpen })
    stack.provider.setFaults({ headersDelayMs: 300 })
    const calls = stack.provider.calls()
    const responses = await Promise.all(
      Array.from({ length: copies }, () => sendPaid({ stack, body, payment })),
    )
    const served = responses.filter(({ status }) => status === 200)
    expect(served).toHaveLength(1)
    expect(stack.provider.calls() - calls).toBe(1)
    for (const response of responses) {
      if (response.status === 200) continue
      expect(response.status).toBe(409)
      const { code, next } = await readError(response)
      expect(['payment_in_flight', 'payment_already_used', 'settlement_pending']).toContain(code)
      expect(next).not.toBe('')
      expect(response.headers.get('x-should-retry')).toBe('false')
      expect(response.headers.get('payment-required')).toBeNull()
    }
  },
)

test.each(SCHEMES)(
  'a %s payment sent again after its call has ended is answered with the receipt',
  async (scheme) => {
    const { body, payment } = await newPayment({ scheme })
    const first = await readAnswer(await sendPaid({ stack, body, payment }))
    const calls = stack.provider.calls()
    for (const look of ['at once', 'after the settlement']) {
      if (look === 'after the settlement') await stack.settleUntilQuiet()
      const again = await sendPaid({ stack, body, payment })
      expect(again.status, look).toBe(409)
      expect(again.headers.get('x-call-id')).toBe(first.callId)
      expect(again.headers.get('payment-response')).not.toBeNull()
      const error = await readError(again)
      expect(error).toMatchObject({
        code: 'payment_already_used',
        call_id: first.callId,
        charge: first.turnpike.charge,
      })
      expect(error['receipt']).toMatchObject({
        success: true,
        extra: { chargedAmount: first.turnpike.charge },
      })
    }
    expect(stack.provider.calls()).toBe(calls)
  },
)

test.each(SCHEMES)('a %s payment does not buy another body', async (scheme) => {
  const { payment } = await newPayment({ scheme, isOpen: scheme === 'batch-settlement' })
  const calls = stack.provider.calls()
  const response = await sendPaid({ stack, body: chatBody(), payment })
  expect(response.status).toBe(402)
  expect(await readError(response)).toMatchObject({ code: 'quote_mismatch' })
  expect(stack.provider.calls()).toBe(calls)
})

/** The same payment, spelled otherwise: other key order, other case, other white space, fields that mean nothing. */
function respell(payment: WirePayment): unknown[] {
  const reversed = (value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(
          Object.entries(value)
            .toReversed()
            .map(([key, inner]) => [key, reversed(inner)]),
        )
      : value
  const upper = (value: unknown): unknown => {
    if (typeof value === 'string' && /^0x[0-9a-fA-F]+$/.test(value))
      return `0x${value.slice(2).toUpperCase()}`
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, upper(inner)]))
  }
  return [
    reversed(payment),
    { ...payment, payload: upper(payment.payload) },
    { ...payment, resource: { url: 'http://elsewhere.example/' } },
    { ...payment, unknown: 'field' },
  ]
}

test.each(SCHEMES)('a %s payment is the same payment however it is spelled', async (scheme) => {
  const { body, payment } = await newPayment({ scheme })
  const first = await readAnswer(await sendPaid({ stack, body, payment }))
  const calls = stack.provider.calls()
  for (const spelled of respell(payment)) {
    const again = await sendPaid({ stack, body, payment: spelled })
    expect(again.status).toBe(409)
    expect(await readError(again)).toMatchObject({ code: 'payment_already_used', call_id: first.callId })
  }
  expect(stack.provider.calls()).toBe(calls)
})

test('twenty upto payments at once are admitted as far as the cap on unsettled money reaches, and no further', async () => {
  const stock = stockPayer({ stack, payer: await stack.newPayer(), scheme: 'upto' })
  // Each ceiling is about nine cents, so that eleven fit under one dollar.
  const bodies = Array.from({ length: 20 }, () => chatBody({ model: 'xai/grok-4-0709', max_tokens: 5_500 }))
  const payments = await Promise.all(bodies.map((body) => signFor({ stack, client: stock.client, body })))
  // The provider never answers, so that nothing is released before everything is decided.
  stack.provider.setFaults({ hang: true })
  const ceiling = BigInt(payments[0]?.accepted.amount ?? 0)
  const fitting = Number(1_000_000n / ceiling)
  const hangUp = new AbortController()
  const refusals: Promise<string>[] = []
  const sent = bodies.map(async (body, index) => {
    const payment = payments[index]
    const response = await sendPaid({ stack, body, payment, signal: hangUp.signal }).catch(() => undefined)
    if (response) refusals.push(readError(response).then(({ code }) => `${response.status} ${code}`))
  })
  await waitUntil({
    what: 'every call is decided',
    isSo: () => refusals.length + stack.provider.running() === bodies.length,
  })
  expect(stack.provider.running()).toBe(fitting)
  expect(new Set(await Promise.all(refusals))).toEqual(new Set(['402 exposure_exceeded']))
  hangUp.abort()
  await Promise.all(sent)
  await waitUntil({ what: 'every upstream was hung up on', isSo: () => stack.provider.running() === 0 })
})
