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

const toolNumber = (_one: unknown, index: number) => ({
  type: 'function',
  function: { name: `tool_${index}`, parameters: { type: 'object', properties: {} } },
})

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
  [
    'is a prompt of two megabytes',
    chatBody({ messages: [{ role: 'user', content: 'a prompt that goes on. '.repeat(87_000) }] }),
    'context_length_exceeded',
    'messages',
  ],
  ['has a message that is none', chatBody({ messages: ['hi'] }), 'invalid_field', 'messages[0]'],
  [
    'has a role that nobody has',
    chatBody({ messages: [{ role: 'robot', content: 'hi' }] }),
    'invalid_field',
    'messages[0].role',
  ],
  ['has 501 tools', chatBody({ tools: Array.from({ length: 501 }, toolNumber) }), 'invalid_field', 'tools'],
  ['nests too deep', plain(`,"metadata":${'{"a":'.repeat(100)}1${'}'.repeat(100)}`), 'invalid_json'],
  ['has a number that is none', plain(`,"temperature":NaN`), 'invalid_json'],
  ['has a cap below nothing', plain(`,"max_tokens":-5`), 'invalid_field', 'max_tokens'],
  ['has a cap of half a token', plain(`,"max_tokens":0.5`), 'invalid_field', 'max_tokens'],
  ['asks for more answers than there may be', plain(`,"n":1000`), 'invalid_field', 'n'],
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

test('what is too large for its model is told the models that have room', async () => {
  const body = chatBody({ messages: [{ role: 'user', content: 'word '.repeat(150_000) }] })
  const { error } = (await (await fetch(stack.chatUrl, post(body))).json()) as {
    error: { message: string; models: string[]; input_bound: number }
  }
  expect(error.models.length).toBeGreaterThan(0)
  for (const model of error.models) {
    const facts = (await (await fetch(`${stack.app.url}/v1/models/${model}`)).json()) as {
      context_length: number
    }
    expect(facts.context_length).toBeGreaterThan(error.input_bound)
  }
  expect(error.message).toContain(error.models[0])
})

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
