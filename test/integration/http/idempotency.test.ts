import {
  isPaymentIdentifierExtension,
  isPaymentIdentifierRequired,
} from '@x402/extensions/payment-identifier'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chatBody, post } from '../../support/chat.ts'
import { type Payer, startStack, type Stack } from '../../support/start-stack.ts'
import { stockPayer } from '../../support/stock-payer.ts'
import {
  askPrice,
  encodeBase64,
  exactPayment,
  offerFor,
  sendPaid,
  signFor,
} from '../../support/wire-payment.ts'

let stack: Stack
let payer: Payer
beforeAll(async () => {
  stack = await startStack()
  payer = await stack.newPayer()
})
afterAll(async () => {
  await stack.expectCleanBooks()
  await stack.close()
})

const BODY = chatBody({ question: 'What is done once?' })
let made = 0
const newId = () => `request-of-a-test-${(made += 1)}`
const errorOf = async (response: Response) =>
  ((await response.json()) as { error: { code: string; call_id?: string; receipt?: object; state?: string } })
    .error

/** A published client that sends this header with all it sends. */
const named = (id: string, scheme: 'batch-settlement' | 'upto' | 'exact' = 'batch-settlement') => {
  const { pay } = stockPayer({ stack, payer, scheme })
  return (body = BODY) => pay(stack.chatUrl, post(body, { 'idempotency-key': id }))
}

test.each(['batch-settlement', 'upto', 'exact'] as const)(
  '%s: a name buys one call, however often it is sent and paid for afresh',
  async (scheme) => {
    const calls = stack.provider.calls()
    const send = named(newId(), scheme)
    const first = await send()
    expect(first.status).toBe(200)
    const callId = first.headers.get('x-call-id')
    await first.arrayBuffer()
    for (let again = 0; again < 3; again += 1) {
      const response = await send()
      expect(response.status).toBe(409)
      expect(response.headers.get('x-should-retry')).toBe('false')
      expect(response.headers.has('payment-response')).toBe(true)
      expect(await errorOf(response)).toMatchObject({ code: 'payment_already_used', call_id: callId })
    }
    expect(stack.provider.calls() - calls).toBe(1)
  },
)

test('at the same moment one runs, and the others are told which', async () => {
  const calls = stack.provider.calls()
  const id = newId()
  const { client } = stockPayer({ stack, payer, scheme: 'upto' })
  const payments = []
  for (let index = 0; index < 12; index += 1) payments.push(await signFor({ stack, client, body: BODY }))
  const headers = { 'idempotency-key': id }
  const responses = await Promise.all(
    payments.map((payment) => sendPaid({ stack, body: BODY, payment, headers })),
  )
  const statuses = responses.map(({ status }) => status).toSorted()
  expect(statuses).toEqual([200, ...Array.from({ length: 11 }, () => 409)])
  expect(new Set(responses.map((response) => response.headers.get('x-call-id'))).size).toBe(1)
  expect(stack.provider.calls() - calls).toBe(1)
})

test('another body under a name is a conflict, and is not paid for', async () => {
  const send = named(newId())
  const first = await send()
  await first.arrayBuffer()
  const calls = stack.provider.calls()
  const other = await send(chatBody({ question: 'Another one' }))
  expect(other.status).toBe(409)
  expect(await errorOf(other)).toMatchObject({
    code: 'idempotency_conflict',
    call_id: first.headers.get('x-call-id'),
  })
  expect(stack.provider.calls()).toBe(calls)
})

test('an exact payment for a request that was made already is never brought on chain', async () => {
  const id = newId()
  await (await named(id)()).arrayBuffer()
  const offer = await offerFor({ stack, body: BODY, scheme: 'exact' })
  const payment = exactPayment({ offer, payer, asset: stack.usdc })
  const before = (await stack.app.listTransactions())[0]?.id
  const response = await sendPaid({ stack, body: BODY, payment, headers: { 'idempotency-key': id } })
  expect(response.status).toBe(409)
  expect((await stack.app.listTransactions())[0]?.id).toBe(before)
})

test('names are each payer’s own', async () => {
  const id = newId()
  await (await named(id)()).arrayBuffer()
  const another = await stack.newPayer()
  const { pay } = stockPayer({ stack, payer: another, scheme: 'upto' })
  expect((await pay(stack.chatUrl, post(BODY, { 'idempotency-key': id }))).status).toBe(200)
})

/** A signed payment that names its request by x402's extension. */
async function identified(id: unknown) {
  const { client } = stockPayer({ stack, payer, scheme: 'upto' })
  const payment = await signFor({ stack, client, body: BODY })
  return { ...payment, extensions: { 'payment-identifier': { info: { required: false, id } } } }
}

test('x402’s payment-identifier is such a name', async () => {
  const id = 'pay_7d5d747be160e280504c099d984bcfe0'
  const first = await sendPaid({ stack, body: BODY, payment: await identified(id) })
  expect(first.status).toBe(200)
  await first.arrayBuffer()
  const again = await sendPaid({ stack, body: BODY, payment: await identified(id) })
  expect(again.status).toBe(409)
  const byHeader = await named(id)()
  expect(byHeader.status).toBe(409)
})

test('a 402 declares it, as the published package wants it to be declared', async () => {
  const { extensions } = (await askPrice({ stack, body: BODY })) as { extensions: Record<string, unknown> }
  const declared = extensions['payment-identifier']
  expect(isPaymentIdentifierExtension(declared) && !isPaymentIdentifierRequired(declared)).toBe(true)
})

test.each([
  ['too short', 'short'],
  ['10 kB long', 'x'.repeat(10_000)],
  ['no text', 7],
  ['of other characters', 'a name with spaces in it'],
])('an identifier that is %s is refused', async (_what, id) => {
  const response = await sendPaid({ stack, body: BODY, payment: await identified(id) })
  expect(response.status).toBe(400)
})

test.each([
  ['10 kB long', 'x'.repeat(10_000)],
  ['with a space', 'a b'],
])('an Idempotency-Key that is %s is refused before anything is admitted', async (_what, id) => {
  const { client } = stockPayer({ stack, payer, scheme: 'upto' })
  const payment = await signFor({ stack, client, body: BODY })
  const response = await sendPaid({ stack, body: BODY, payment, headers: { 'idempotency-key': id } })
  expect(response.status).toBe(400)
  // The payment was not used.
  const good = await sendPaid({ stack, body: BODY, payment })
  expect(good.status).toBe(200)
})

test('two names for one request are refused', async () => {
  const payment = await identified('pay_7d5d747be160e280504c099d984bcfe1')
  const headers = { 'idempotency-key': 'another-name-altogether' }
  const response = await sendPaid({ stack, body: BODY, payment, headers })
  expect(response.status).toBe(400)
  expect(await errorOf(response)).toMatchObject({ code: 'contradicting_options' })
})

test('a name changes nothing of the price', async () => {
  const { accepts } = await askPrice({ stack, body: BODY })
  const response = await fetch(stack.chatUrl, post(BODY, { 'idempotency-key': newId() }))
  const header = Buffer.from(response.headers.get('payment-required') ?? '', 'base64').toString()
  const named402 = JSON.parse(header) as { accepts: typeof accepts }
  expect(named402.accepts.map(({ amount }) => amount)).toEqual(accepts.map(({ amount }) => amount))
  expect(encodeBase64(accepts).length).toBeGreaterThan(100)
})
