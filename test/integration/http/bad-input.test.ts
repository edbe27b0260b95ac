import { request as httpRequest } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LIMITS } from '../../../src/lib/limits.ts'
import { hashRequest, readQuote, signQuote } from '../../../src/payment/quote.ts'
import type { Quote } from '../../../src/payment/types.ts'
import { chatBody, type ErrorAnswer, MODEL, post, readAnswer } from '../../support/chat.ts'
import { type Payer, startStack, type Stack } from '../../support/start-stack.ts'
import { stockPayer, type WirePayment } from '../../support/stock-payer.ts'
import {
  encodeBase64,
  exactPayment,
  highS,
  offerFor,
  sendPaid,
  signFor,
  uptoPayment,
  voucherPayment,
} from '../../support/wire-payment.ts'

/** Only this file signs quotes with it: what a server would sign, and what none would. */
const SECRET = 'a secret of the tests, 32 characters'

let stack: Stack
let payer: Payer
/** Asked again and again, never served: every payment below is for this body unless it says otherwise. */
const BODY = chatBody({ question: 'What never gets an answer?' })

beforeAll(async () => {
  stack = await startStack({ overrides: { secret: SECRET } })
  payer = await stack.newPayer()
  // A channel with money, so that a bad voucher has something to lose.
  const { pay } = stockPayer({ stack, payer, scheme: 'batch-settlement' })
  await readAnswer(await pay(stack.chatUrl, post(chatBody())))
  await stack.settleUntilQuiet()
})
afterAll(async () => {
  await stack.expectCleanBooks()
  await stack.close()
})

const offer = (scheme: 'exact' | 'upto' | 'batch-settlement', body = BODY) =>
  offerFor({ stack, body, scheme })
const exact = async (over: Partial<Parameters<typeof exactPayment>[0]> = {}) =>
  exactPayment({ offer: await offer('exact'), payer, asset: stack.usdc, ...over })
const upto = async (over: Partial<Parameters<typeof uptoPayment>[0]> = {}) =>
  uptoPayment({ offer: await offer('upto'), payer, ...over })
const voucher = async () => {
  const accepted = await offer('batch-settlement')
  return voucherPayment({ offer: accepted, payer, maxAtomic: 2n * BigInt(accepted.amount) })
}

/** A copy with one field set; `path` in dots. */
function withField<Value>(value: Value, path: string, field: unknown): Value {
  const copy = structuredClone(value)
  const names = path.split('.')
  const last = names.pop() ?? ''
  let at = copy as Record<string, unknown>
  for (const name of names) at = at[name] as Record<string, unknown>
  at[last] = field
  return copy
}

const seconds = () => Math.floor(Date.now() / 1_000)
const ELSEWHERE = '0x00000000000000000000000000000000000000ee'

async function withQuote(change: (quote: Quote) => Quote): Promise<WirePayment> {
  const accepted = await offer('exact')
  const quote = readQuote({ token: String(accepted.extra['quote']), secret: SECRET })
  if (!quote) throw new Error('The quote is not signed with the secret of this test.')
  const token = signQuote({ quote: change(quote), secret: SECRET })
  return exact({ offer: withField(accepted, 'extra.quote', token) })
}

/** Sends, and demands of every refusal what callers and SDKs rely on; nothing may have been bought or moved. */
async function expectRefusal({
  send,
  status,
  code,
  param,
}: {
  send: () => Promise<Response>
  status: number
  code: string
  param?: string
}): Promise<void> {
  const before = await booksAndCalls()
  const response = await send()
  const { error } = (await response.json()) as ErrorAnswer
  expect({ status: response.status, code: error.code }).toEqual({ status, code })
  if (param !== undefined) expect(error.param).toBe(param)
  expect(error.param === null || typeof error.param === 'string').toBe(true)
  expect(error.message.length).toBeGreaterThan(10)
  expect(error.next.length).toBeGreaterThan(10)
  expect(error.type).toMatch(/^(invalid_request_error|payment_required)$/)
  expect(response.headers.get('content-type')).toContain('application/json')
  expect(response.headers.get('cache-control')).toBe('private, no-store')
  expect(response.headers.get('x-should-retry')).toBe('false')
  // Only what another payment can mend asks for one.
  expect(response.headers.has('payment-required')).toBe(status === 402)
  expect(response.headers.has('payment-response')).toBe(false)
  expect(await booksAndCalls()).toEqual(before)
}

const booksAndCalls = async () => ({
  upstreamCalls: stack.provider.calls(),
  transactions: (await stack.app.listTransactions()).length,
  balances: await stack.app.trialBalance(),
})

test('what is changed below is good where it is not changed: all three hand-made payments buy a call', async () => {
  const body = chatBody()
  const accepted = {
    exact: await offer('exact', body),
    upto: await offer('upto', body),
    channel: await offer('batch-settlement', body),
  }
  const payments = [
    exactPayment({ offer: accepted.exact, payer, asset: stack.usdc }),
    uptoPayment({ offer: accepted.upto, payer }),
    voucherPayment({ offer: accepted.channel, payer, maxAtomic: 2n * BigInt(accepted.channel.amount) }),
  ]
  for (const payment of payments) {
    expect((await readAnswer(await sendPaid({ stack, body, payment }))).text).not.toBe('')
  }
  await stack.settleUntilQuiet()
})

const HEADERS: readonly (readonly [name: string, value: () => Promise<string> | string, code: string])[] = [
  ['is no base64', () => '!!!not base64!!!', 'payment_undecodable'],
  ['is base64 of no JSON', () => Buffer.from('hello').toString('base64'), 'payment_undecodable'],
  ['is base64 of no UTF-8', () => Buffer.from([0xff, 0xfe, 0x7b]).toString('base64'), 'payment_undecodable'],
  ['is an array', () => encodeBase64([]), 'payment_malformed'],
  ['is an empty object', () => encodeBase64({}), 'payment_unsupported'],
  ['has junk between its letters', async () => `${encodeBase64(await exact())}##`, 'payment_undecodable'],
  [
    'is larger than 8 KB',
    async () => encodeBase64({ ...(await exact()), junk: 'x'.repeat(8_192) }),
    'payment_header_too_large',
  ],
  [
    'nests too deep',
    () => encodeBase64(JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`)),
    'payment_undecodable',
  ],
  [
    'is two joined by a comma',
    async () => `${encodeBase64(await exact())},${encodeBase64(await exact())}`,
    'payment_header_duplicate',
  ],
  [
    'is of x402 version 1',
    async () => encodeBase64(withField(await exact(), 'x402Version', 1)),
    'payment_unsupported',
  ],
  [
    'is of a scheme that nobody knows',
    async () => encodeBase64(withField(await exact(), 'accepted.scheme', 'gift')),
    'payment_unsupported',
  ],
  [
    'is for a chain of another family',
    async () => encodeBase64(withField(await exact(), 'accepted.network', 'solana:mainnet')),
    'payment_unsupported',
  ],
]

test.each(HEADERS)('a payment header that %s is refused', async (_name, value, code) => {
  const header = await value()
  await expectRefusal({
    send: () => fetch(stack.chatUrl, post(BODY, { 'payment-signature': header })),
    status: 400,
    code,
  })
})

/** Two header lines of one name, or two names: what fetch cannot send. */
function sendRaw(headers: Record<string, string | string[]>): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(stack.chatUrl, { method: 'POST' }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve(
          new Response(Buffer.concat(chunks), {
            status: response.statusCode ?? 0,
            headers: Object.entries(response.headers).map(([name, value]): [string, string] => [
              name,
              String(value),
            ]),
          }),
        ),
      )
    })
    request.on('error', reject)
    for (const [name, value] of Object.entries(headers)) request.setHeader(name, value)
    request.end(BODY)
  })
}

test('two payments in one request are refused, in two lines or in two versions', async () => {
  const [one, two] = [encodeBase64(await exact()), encodeBase64(await exact())]
  const refused = { status: 400, code: 'payment_header_duplicate' }
  await expectRefusal({ send: () => sendRaw({ 'payment-signature': [one, two] }), ...refused })
  await expectRefusal({ send: () => sendRaw({ 'payment-signature': [one, one] }), ...refused })
  await expectRefusal({ send: () => sendRaw({ 'payment-signature': one, 'x-payment': two }), ...refused })
})

type Case = readonly [name: string, payment: () => Promise<unknown>, code: string, param?: string]

const OFFERS: readonly Case[] = [
  [
    'of another chain',
    async () => withField(await exact(), 'accepted.network', 'eip155:8453'),
    'offer_mismatch',
    'accepted.network',
  ],
  [
    'of another token',
    async () => withField(await exact(), 'accepted.asset', ELSEWHERE),
    'offer_mismatch',
    'accepted.asset',
  ],
  [
    'with another token in its permit',
    () => upto({ token: ELSEWHERE }),
    'offer_mismatch',
    'payload.permit2Authorization.permitted.token',
  ],
  [
    'to another recipient, as accepted',
    async () => withField(await exact(), 'accepted.payTo', ELSEWHERE),
    'offer_mismatch',
    'accepted.payTo',
  ],
  [
    'to another recipient, as signed',
    () => exact({ authorization: { to: ELSEWHERE } }),
    'offer_mismatch',
    'payload.authorization.to',
  ],
  [
    'to another recipient, as witnessed',
    () => upto({ to: ELSEWHERE }),
    'offer_mismatch',
    'payload.permit2Authorization.witness.to',
  ],
  [
    'of another amount, as accepted',
    async () => withField(await exact(), 'accepted.amount', '1'),
    'offer_mismatch',
    'accepted.amount',
  ],
  [
    'of a smaller amount, as signed',
    () => exact({ authorization: { valueAtomic: 1n } }),
    'offer_mismatch',
    'payload.authorization.value',
  ],
  [
    'of a larger amount, as signed',
    () => exact({ authorization: { valueAtomic: 10n ** 9n } }),
    'offer_mismatch',
    'payload.authorization.value',
  ],
  [
    'with another timeout',
    async () => withField(await exact(), 'accepted.maxTimeoutSeconds', 99_999),
    'offer_mismatch',
    'accepted.maxTimeoutSeconds',
  ],
  [
    'naming another domain',
    async () => withField(await exact(), 'accepted.extra.name', 'USD Coin'),
    'offer_mismatch',
    'accepted.extra.name',
  ],
  [
    'signed over another domain name',
    () => exact({ asset: { ...stack.usdc, eip712: { name: 'USD Coin', version: '2' } } }),
    'signature_invalid',
  ],
  [
    'signed over another chain id',
    () => exact({ asset: { ...stack.usdc, network: 'eip155:8453' } }),
    'signature_invalid',
  ],
  [
    'signed over another contract',
    () => exact({ asset: { ...stack.usdc, address: ELSEWHERE } }),
    'signature_invalid',
  ],
  ['in the name of somebody else', () => exact({ authorization: { from: ELSEWHERE } }), 'signature_invalid'],
  ['that has expired', () => exact({ authorization: { validBefore: seconds() - 1 } }), 'payment_expired'],
  [
    'that expires before it can be settled',
    () => exact({ authorization: { validBefore: seconds() + 3 } }),
    'payment_validity_too_short',
  ],
  [
    'that is valid only later',
    () => exact({ authorization: { validAfter: seconds() + 3_600 } }),
    'payment_not_yet_valid',
  ],
  ['whose permit has expired', () => upto({ deadline: seconds() - 2 }), 'payment_expired'],
  [
    'whose permit ends before a long call would',
    () => upto({ deadline: seconds() + 700 }),
    'payment_validity_too_short',
  ],
  [
    'with the high s of its EIP-3009 signature',
    async () => {
      const payment = await exact()
      return withField(payment, 'payload.signature', highS(String(payment.payload['signature'])))
    },
    'signature_malleable',
  ],
  [
    'with the high s of its permit',
    async () => {
      const payment = await upto()
      return withField(payment, 'payload.signature', highS(String(payment.payload['signature'])))
    },
    'signature_malleable',
  ],
  [
    'with the high s of its voucher',
    async () => {
      const payment = await voucher()
      const { signature } = payment.payload['voucher'] as { signature: string }
      return withField(payment, 'payload.voucher.signature', highS(signature))
    },
    'signature_malleable',
  ],
  [
    'whose voucher was signed by somebody else',
    async () => {
      const payment = await voucher()
      return withField(payment, 'payload.voucher.signature', (await exact()).payload['signature'])
    },
    'signature_invalid',
  ],
  [
    'whose channel pays somebody else',
    async () => withField(await voucher(), 'payload.channelConfig.receiver', ELSEWHERE),
    'offer_mismatch',
    'payload.channelConfig.receiver',
  ],
  [
    'whose channel id is not that of its config',
    async () => withField(await voucher(), 'payload.voucher.channelId', `0x${'ab'.repeat(32)}`),
    'offer_mismatch',
    'payload.voucher.channelId',
  ],
  [
    'without a quote',
    async () => withField(await exact(), 'accepted.extra.quote', undefined),
    'quote_missing',
  ],
  [
    'with a forged quote',
    async () => exact({ offer: withField(await offer('exact'), 'extra.quote', 'A'.repeat(180)) }),
    'quote_forged',
  ],
  [
    'with a quote of which one letter was changed',
    async () => {
      const accepted = await offer('exact')
      const token = String(accepted.extra['quote'])
      return exact({
        offer: withField(accepted, 'extra.quote', `${token[0] === 'A' ? 'B' : 'A'}${token.slice(1)}`),
      })
    },
    'quote_forged',
  ],
  [
    'with a quote that has expired',
    () => withQuote((quote) => ({ ...quote, expiresAtMs: Date.now() - 1 })),
    'quote_expired',
  ],
  [
    'with a quote for another body',
    async () => exact({ offer: await offer('exact', chatBody()) }),
    'quote_mismatch',
  ],
  [
    'with a quote for another path',
    () =>
      withQuote((quote) => ({
        ...quote,
        requestHash: hashRequest({
          method: 'POST',
          path: '/v1/embeddings',
          body: Buffer.from(BODY),
          secret: SECRET,
        }),
      })),
    'quote_mismatch',
  ],
]

test.each(OFFERS.map(([name, make, code, param]) => ({ name, make, code, param })))(
  'a payment $name is asked for anew',
  async ({ make, code, param }) => {
    const payment = await make()
    await expectRefusal({
      send: () => sendPaid({ stack, body: BODY, payment }),
      status: 402,
      code,
      ...(param === undefined ? {} : { param }),
    })
  },
)

const NUMBERS = ['', ' 5 ', '0x10', '-1', '1e30', '007', '1.5', `1${'0'.repeat(60)}`, 5, null]

test.each(NUMBERS)('the amount %j is no amount, wherever it stands in a payment', async (number) => {
  const refused = { status: 400, code: 'payment_malformed' }
  const [one, two, three] = [await exact(), await upto(), await voucher()]
  const payments = [
    [withField(one, 'accepted.amount', number), 'accepted.amount'],
    [withField(one, 'payload.authorization.value', number), 'payload.authorization.value'],
    [
      withField(two, 'payload.permit2Authorization.permitted.amount', number),
      'payload.permit2Authorization.permitted.amount',
    ],
    [withField(three, 'payload.voucher.maxClaimableAmount', number), 'payload.voucher.maxClaimableAmount'],
  ] as const
  for (const [payment, param] of payments) {
    await expectRefusal({ send: () => sendPaid({ stack, body: BODY, payment }), ...refused, param })
  }
})

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
  await expectRefusal({ send: () => fetch(stack.chatUrl, { method: 'POST', body: large }), ...refused })
  const untold = () =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < large.length; at += 1_048_576)
          controller.enqueue(large.subarray(at, at + 1_048_576))
        controller.close()
      },
    })
  await expectRefusal({
    send: () => fetch(stack.chatUrl, { method: 'POST', body: untold(), duplex: 'half' }),
    ...refused,
  })
})

test('a compressed body is refused', async () => {
  await expectRefusal({
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
})

test('whoever probes is told the price: GET, HEAD, no body, no model', async () => {
  const probes: readonly RequestInit[] = [
    { method: 'GET' },
    { method: 'HEAD' },
    { method: 'POST' },
    post('{}'),
    post('{"messages":[]}'),
  ]
  const before = await booksAndCalls()
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
  expect(await booksAndCalls()).toEqual(before)
})

test('a payment for a call has no use on a probe', async () => {
  const header = { 'payment-signature': encodeBase64(await exact()) }
  const refused = { status: 400, code: 'payment_not_needed' }
  await expectRefusal({ send: () => fetch(stack.chatUrl, { method: 'GET', headers: header }), ...refused })
  await expectRefusal({ send: () => fetch(stack.chatUrl, post('', header)), ...refused })
  await expectRefusal({ send: () => fetch(stack.chatUrl, post('{}', header)), ...refused })
})

test('an allowance that Permit2 lacks is told with the call that gives it', async () => {
  const poor = await stack.newPayer({ approved: false })
  const before = await booksAndCalls()
  const response = await sendPaid({ stack, body: BODY, payment: await upto({ payer: poor }) })
  expect(response.status).toBe(412)
  const { error } = (await response.json()) as ErrorAnswer
  expect(error.code).toBe('permit2_allowance_required')
  expect(error.next).toContain('approve(')
  expect(error.next).toContain(stack.usdc.address)
  expect(await booksAndCalls()).toEqual(before)
})

test('a payer without money is told so, in every scheme', async () => {
  const { generatePrivateKey, privateKeyToAccount } = await import('viem/accounts')
  const privateKey = generatePrivateKey()
  const account = privateKeyToAccount(privateKey)
  const nobody: Payer = { account, privateKey, address: account.address.toLowerCase() as Payer['address'] }
  const body = chatBody()
  const calls = stack.provider.calls()
  const spend = async (payment: unknown) => {
    const response = await sendPaid({ stack, body, payment })
    return `${response.status} ${((await response.json()) as ErrorAnswer).error.code}`
  }
  expect(await spend(await exact({ payer: nobody, offer: await offer('exact', body) }))).toBe(
    '402 payment_not_settled',
  )
  expect(await spend(await upto({ payer: nobody, offer: await offer('upto', body) }))).toBe(
    '412 permit2_allowance_required',
  )
  const accepted = await offer('batch-settlement', body)
  const unopened = voucherPayment({ offer: accepted, payer: nobody, maxAtomic: BigInt(accepted.amount) })
  expect(await spend(unopened)).toBe('402 channel_unknown')
  const { client } = stockPayer({ stack, payer: nobody, scheme: 'batch-settlement' })
  expect(await spend(await signFor({ stack, client, body }))).toBe('402 deposit_failed')
  expect(stack.provider.calls()).toBe(calls)
})
