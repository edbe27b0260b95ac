import { afterAll, beforeAll, expect, test } from 'vitest'
import { chatBody, MODEL, post } from '../../support/chat.ts'
import { type Payer, startStack, type Stack } from '../../support/start-stack.ts'
import { encodeBase64, exactPayment, offerFor } from '../../support/wire-payment.ts'
import { booksAndCalls, expectRefusal } from '../../support/refusals.ts'

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
    chatBody({ messages: [{ role: 'user', content: 'word '.repeat(150_000) }] }),
    'context_length_exceeded',
    'messages',
  ],
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

test('a compressed body is refused', async () => {
  await expectRefusal({
    stack,
    send: () => fetch(stack.chatUrl, post(BODY, { 'content-encoding': 'gzip' })),
    status: 415,
    code: 'unsupported_content_encoding',
  })
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
