import { afterAll, beforeAll, expect, test } from 'vitest'
import { LIMITS } from '../../../src/lib/limits.ts'
import { chatBody, MODEL, post, readAnswer } from '../../support/chat.ts'
import { type Payer, startStack, type Stack } from '../../support/start-stack.ts'
import { stockPayer } from '../../support/stock-payer.ts'
import { encodeBase64, exactPayment, offerFor, sendPaid, signFor } from '../../support/wire-payment.ts'
import { booksAndCalls, expectRefusal } from './refusals.ts'

let stack: Stack
let payer: Payer
const BODY = chatBody({ question: 'What never gets an answer?' })

beforeAll(async () => {
  stack = await startStack()
  payer = await stack.newPayer()
})
afterAll(() => stack.close())

/** A good payment for BODY: what is wrong below is not the payment. */
const exact = async () =>
  exactPayment({ offer: await offerFor({ stack, body: BODY, scheme: 'exact' }), payer, asset: stack.usdc })

const plain = (fields: string) => `{"model":"${MODEL}","messages":[{"role":"user","content":"hi"}]${fields}}`

const BODIES: readonly (readonly [
  name: string,
  body: string | Buffer<ArrayBuffer>,
  code: string,
  param?: string,
])[] = [
  ['is no JSON', '{"model":', 'invalid_json'],
  ['is an array', '[]', 'invalid_json'],
  ['is a word', 'null', 'invalid_json'],
  [
    'is no UTF-8',
    Buffer.concat([Buffer.from(plain('').slice(0, -2)), Buffer.from([0xff, 0x7d])]),
    'invalid_json',
  ],
  ['nests too deep', plain(`,"metadata":${'['.repeat(200)}${']'.repeat(200)}`), 'invalid_json'],
  ['has its model twice', plain(`,"model":"xai/grok-4-0709"`), 'ambiguous_json'],
  ['has its cap twice', plain(`,"max_tokens":1,"max_tokens":4096`), 'ambiguous_json'],
  ['writes a top-level key with an escape', plain(`,"max\\u005ftokens":5`), 'ambiguous_json'],
  ['names a model that nobody sells', chatBody({ model: 'nobody/nothing' }), 'unknown_model', 'model'],
  ['has a model that is no name', chatBody({ model: 7 }), 'invalid_field', 'model'],
  ['has a field that nobody knows', plain(`,"temprature":1`), 'unknown_field', 'temprature'],
  ['has no messages', `{"model":"${MODEL}"}`, 'missing_field', 'messages'],
  [
    'has two caps that differ',
    plain(`,"max_tokens":5,"max_completion_tokens":6`),
    'contradicting_options',
    'max_completion_tokens',
  ],
  [
    'wants stream options without a stream',
    plain(`,"stream_options":{"include_usage":true}`),
    'contradicting_options',
    'stream_options',
  ],
  [
    'wants more than the context holds',
    chatBody({ max_tokens: 200_000 }),
    'context_length_exceeded',
    'messages',
  ],
  ['has the cap ""', chatBody({ max_tokens: '' }), 'invalid_field', 'max_tokens'],
  ['has the cap " 5 "', chatBody({ max_tokens: ' 5 ' }), 'invalid_field', 'max_tokens'],
  ['has the cap "0x10"', chatBody({ max_tokens: '0x10' }), 'invalid_field', 'max_tokens'],
  ['has the cap -1', chatBody({ max_tokens: -1 }), 'invalid_field', 'max_tokens'],
  ['has the cap 1e30', plain(`,"max_tokens":1e30`), 'invalid_field', 'max_tokens'],
  ['has the cap 1.5', chatBody({ max_tokens: 1.5 }), 'invalid_field', 'max_tokens'],
  ['wants no choice', chatBody({ n: 0 }), 'invalid_field', 'n'],
  ['wants a thousand choices', chatBody({ n: 1_000 }), 'invalid_field', 'n'],
]

test.each(BODIES.map(([name, body, code, param]) => ({ name, body, code, param })))(
  'a body that $name is refused, paid or not',
  async ({ body, code, param }) => {
    const payment = encodeBase64(await exact())
    for (const headers of [{}, { 'payment-signature': payment }]) {
      await expectRefusal({
        stack,
        send: () => fetch(stack.chatUrl, { method: 'POST', headers, body }),
        status: 400,
        code,
        ...(param === undefined ? {} : { param }),
      })
    }
  },
)

test('a body over the limit is refused, whether its length is told or not', async () => {
  const large = Buffer.alloc(LIMITS.bodyBytes + 1, ' ')
  const refused = { status: 413, code: 'body_too_large' }
  await expectRefusal({
    stack,
    send: () => fetch(stack.chatUrl, { method: 'POST', body: large }),
    ...refused,
  })
  const untold = () =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < large.length; at += 1_048_576)
          controller.enqueue(large.subarray(at, at + 1_048_576))
        controller.close()
      },
    })
  await expectRefusal({
    stack,
    send: () => fetch(stack.chatUrl, { method: 'POST', body: untold(), duplex: 'half' }),
    ...refused,
  })
})

test('a compressed body is refused', async () => {
  await expectRefusal({
    stack,
    send: () => fetch(stack.chatUrl, post(BODY, { 'content-encoding': 'gzip' })),
    status: 415,
    code: 'unsupported_content_encoding',
  })
})

test('a payment that was refused is still good for the body that it was quoted for', async () => {
  const { client } = stockPayer({ stack, payer: await stack.newPayer(), scheme: 'upto' })
  const body = chatBody()
  const payment = await signFor({ stack, client, body })
  for (const other of [chatBody(), '{', chatBody({ model: 'nobody/nothing' })]) {
    const refused = await sendPaid({ stack, body: other, payment })
    expect(refused.status).not.toBe(200)
    await refused.arrayBuffer()
  }
  expect((await readAnswer(await sendPaid({ stack, body, payment }))).text).not.toBe('')
  await stack.settleUntilQuiet()
})

test('whoever probes is told the price: GET, HEAD, no body, no model', async () => {
  const probes: readonly RequestInit[] = [
    { method: 'GET' },
    { method: 'HEAD' },
    { method: 'POST' },
    post('{}'),
    post('{"messages":[]}'),
  ]
  const before = await booksAndCalls(stack)
  for (const probe of probes) {
    const response = await fetch(stack.chatUrl, probe)
    expect(response.status).toBe(402)
    expect(response.headers.get('payment-required')).not.toBeNull()
    expect(response.headers.get('cache-control')).toBe('private, no-store')
    const text = await response.text()
    if (probe.method === 'HEAD') expect(text).toBe('')
    else {
      expect(JSON.parse(text)).toMatchObject({
        x402Version: 1,
        error: { code: 'payment_required', type: 'payment_required' },
      })
    }
  }
  expect(await booksAndCalls(stack)).toEqual(before)
})

test('a payment for a call has no use on a probe', async () => {
  const header = { 'payment-signature': encodeBase64(await exact()) }
  const refused = { status: 400, code: 'payment_not_needed' }
  await expectRefusal({
    stack,
    send: () => fetch(stack.chatUrl, { method: 'GET', headers: header }),
    ...refused,
  })
  await expectRefusal({ stack, send: () => fetch(stack.chatUrl, post('', header)), ...refused })
  await expectRefusal({ stack, send: () => fetch(stack.chatUrl, post('{}', header)), ...refused })
})
