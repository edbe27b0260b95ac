import { PGlite } from '@electric-sql/pglite'
import { PaymentRequiredV2Schema } from '@x402/core/schemas'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { CHAT_DIALECT } from '../../../src/chat/answer/chat-dialect.ts'
import { EMBEDDINGS_DIALECT } from '../../../src/chat/embeddings/embeddings-dialect.ts'
import { MESSAGES_DIALECT } from '../../../src/chat/messages/messages-dialect.ts'
import { RESPONSES_DIALECT } from '../../../src/chat/responses/responses-dialect.ts'
import { LIMITS } from '../../../src/lib/limits.ts'
import type { Scheme } from '../../../src/payment/types.ts'
import type { StoredDecision } from '../../../src/routing/explanation.ts'
import { chatBody, MODEL, post } from '../../support/chat.ts'
import { startStack, type Stack } from '../../support/start-stack.ts'
import { stockPayer } from '../../support/stock-payer.ts'
import { encodeBase64 } from '../../support/wire-payment.ts'
import { PATHS } from './quotes/bodies.ts'
import { type ExplainedQuote, expectSums } from './quotes/explanation.ts'
import { type Quote, quotesOf } from './quotes/quote.ts'
import { testSameAs402 } from './quotes/same-as-402.ts'

let stack: Stack
/** Calls that were paid for: the only ones that may leave a row. */
let served = 0
/** The call whose choice has to stand in its row. */
let explained = { callId: '', reason: '', endpoints: [] as string[] }

beforeAll(async () => {
  // A proxy in front tells who asks, so that a test can come from an address of its own.
  stack = await startStack({
    environment: { TURNPIKE_TRUSTED_PROXIES: '1', TURNPIKE_UNPAID_PER_MINUTE: '40' },
    overrides: { sweepMs: 3_600_000 },
  })
})
afterEach(() => {
  vi.useRealTimers()
})
afterAll(() => stack.closeWorld())

const quotes = quotesOf(() => stack.app.url)
const { at, quoteFor, readQuote, demandOf } = quotes

testSameAs402({ stack: () => stack, quotes })

const WAYS: readonly (readonly [string, Scheme, object])[] = [
  ['/v1/chat/completions', 'batch-settlement', CHAT_DIALECT.example],
  ['/v1/responses', 'upto', RESPONSES_DIALECT.example],
  ['/v1/messages', 'exact', { ...MESSAGES_DIALECT.example, stream: true }],
  ['/v1/embeddings', 'upto', EMBEDDINGS_DIALECT.example],
]

test.each(WAYS)(
  'an offer of a quote pays at %s by %s, and nobody has seen a 402',
  async (path, scheme, example) => {
    const { client } = stockPayer({ stack, payer: await stack.newPayer(), scheme })
    const body = JSON.stringify(example)
    const quote = await readQuote(path, body)
    expect(PaymentRequiredV2Schema.safeParse(quote).error).toBeUndefined()
    const payment = await client.createPaymentPayload(quote as never)
    const headers = { 'payment-signature': encodeBase64(payment) }
    const paid = await fetch(at(path), post(body, headers))
    expect({ status: paid.status, text: (await paid.text()).slice(0, 9) }).toMatchObject({ status: 200 })
    served += 1
    // It is for this path and these bytes.
    for (const [elsewhere, other] of [
      [path, `${body} `],
      ['/v1/chat/completions', JSON.stringify(CHAT_DIALECT.example)],
    ] as const) {
      if (elsewhere === path && other === body) continue
      const refused = await fetch(at(elsewhere), post(other, headers))
      expect(refused.status).toBe(402)
      expect(await refused.json()).toMatchObject({ error: { code: 'quote_mismatch' } })
    }
  },
)

test('a quote that has expired buys nothing: a fresh price is asked', async () => {
  const { client } = stockPayer({ stack, payer: await stack.newPayer(), scheme: 'exact' })
  const body = chatBody()
  const quote = await readQuote('/v1/chat/completions', body)
  const payment = await client.createPaymentPayload(quote as never)
  expect(Date.parse(quote.expires_at) - Date.now()).toBeGreaterThan(100_000)
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + LIMITS.quoteSeconds * 1_000 + 1 })
  const late = await fetch(stack.chatUrl, post(body, { 'payment-signature': encodeBase64(payment) }))
  expect(late.status).toBe(402)
  expect(late.headers.get('payment-required')).not.toBeNull()
  expect(await late.json()).toMatchObject({ error: { code: 'quote_expired' } })
})

test('alternatives are other models, cheapest first, each at the price that is asked for it by name', async () => {
  const fields = JSON.parse(chatBody({ tools: [{ type: 'function', function: { name: 'look' } }] })) as object
  const quote = await readQuote('/v1/chat/completions', JSON.stringify(fields))
  expect(quote.alternatives).toHaveLength(LIMITS.quoteAlternatives)
  const names = quote.alternatives.map(({ model }) => model)
  expect(new Set([quote.model, ...names]).size).toBe(names.length + 1)
  const ceilings = quote.alternatives.map(({ ceiling }) => Number(ceiling))
  expect(ceilings).toEqual(ceilings.toSorted((a, b) => a - b))
  for (const { model, offers, estimate, ceiling } of quote.alternatives) {
    const { accepts, error } = await demandOf('/v1/chat/completions', JSON.stringify({ ...fields, model }))
    expect({ estimate, ceiling }).toEqual({ estimate: error.estimate_usd, ceiling: error.ceiling_usd })
    expect(offers.map(({ symbol: _symbol, ...offer }) => offer)).toEqual(
      accepts.map(({ scheme, network, asset, amount }) => ({ scheme, network, asset, amount })),
    )
    expect(new Set(offers.map(({ symbol }) => symbol))).toEqual(new Set(['USDC', 'USDT']))
  }
  // The cheapest that can do it is what auto takes where price is all that counts.
  const cheapest = { ...fields, model: 'auto', provider: { sort: 'price' } }
  const auto = await readQuote('/v1/chat/completions', JSON.stringify(cheapest))
  expect(Number(auto.ceiling)).toBeLessThanOrEqual(Math.min(...ceilings))
  expect(auto.alternatives.map(({ model }) => model)).not.toContain(auto.model)
})

test('the plan says where the call would go and why, and neither cost nor margin', async () => {
  const response = await quoteFor('/v1/chat/completions', chatBody())
  const text = await response.text()
  const { plan, endpoint, model } = JSON.parse(text) as Quote
  expect(plan).toEqual([
    { endpoint, model, provider: 'simulated', region: 'local', reason: `${MODEL} was asked for by name` },
  ])
  // Cost and margin are the names of a term and of a distance between scores; what we pay and put on top is nowhere.
  expect(text).not.toMatch(/cost_|_cost|costPico|marginBps|margin_bps|picoUsd/i)
  expect(response.headers.get('cache-control')).toBe('private, no-store')
})

test('a quote of auto explains itself: terms that add up, filters, runner-up and margin; the answer has its reason and savings', async () => {
  const body = chatBody({
    model: 'auto',
    provider: { max_price: { prompt: 1 } },
    plugins: [{ id: 'auto-router', strategy: 'cost', baseline: MODEL, excluded_models: ['mistralai/*'] }],
  })
  const quote = (await readQuote('/v1/chat/completions', body)) as ExplainedQuote
  const { reason } = quote
  const { filters, passed, strategy } = quote.explanation
  expect(strategy).toMatchObject({ name: 'cost', weights: { quality: 1, cost: 0.4 } })
  expectSums(quote)
  const codes = filters.map(({ code }) => code)
  for (const code of ['model_excluded', 'max_price', 'context_length']) expect(codes).toContain(code)
  expect(reason).toContain(`${quote.model} scores best of ${passed} by cost`)

  const payer = await stack.newPayer()
  const { client } = stockPayer({ stack, payer, scheme: 'upto' })
  const payment = await client.createPaymentPayload(quote as never)
  const headers = { 'payment-signature': encodeBase64(payment) }
  const paid = await fetch(stack.chatUrl, post(body, headers))
  served += 1
  expect(paid.headers.get('x-turnpike-strategy')).toBe('cost')
  expect(paid.headers.get('x-turnpike-model')).toBe(quote.model)
  const { turnpike } = (await paid.json()) as { turnpike: Record<string, unknown> }
  expect(turnpike).toMatchObject({ reason, strategy: 'cost', model: quote.model })
  const savings = turnpike['savings'] as Record<'baseline' | 'static', Record<string, string>>
  expect(savings.baseline['model']).toBe(MODEL)
  expect(Number(savings.baseline['saved_usd'])).toBeGreaterThan(0)
  expect(Number(savings.static['saved_usd'])).toBeGreaterThanOrEqual(0)
  explained = {
    callId: paid.headers.get('x-call-id') ?? '',
    reason,
    endpoints: quote.plan.flatMap(({ endpoint }) => endpoint ?? []),
  }
})

test('a strategy by header counts like one in the body, and two that differ are refused', async () => {
  const byHeader = await quoteFor(
    '/v1/messages',
    JSON.stringify({ ...MESSAGES_DIALECT.example, model: 'auto' }),
    {
      'x-turnpike-strategy': 'latency',
    },
  )
  expect(await byHeader.json()).toMatchObject({ strategy: 'latency' })
  const body = JSON.stringify({ ...RESPONSES_DIALECT.example, model: 'auto:cost' })
  const refused = await quoteFor('/v1/responses', body, { 'x-turnpike-strategy': 'latency' })
  expect([refused.status, await refused.json()]).toMatchObject([
    400,
    { error: { code: 'contradicting_options' } },
  ])
})

test('without for the quote is for a chat completion, and for a path that sells nothing it is refused', async () => {
  const quote = (await (await fetch(at('/v1/quotes'), post(chatBody()))).json()) as {
    resource: { url: string }
  }
  expect(quote.resource.url).toBe(stack.chatUrl)
  for (const path of [
    '/v1/models',
    '',
    '/v1/chat/completions/',
    '/V1/messages',
    '/v1/messages&for=/v1/messages',
  ]) {
    const response = await quoteFor(path, chatBody())
    expect(response.status, path).toBe(400)
    const { error } = (await response.json()) as { error: { code: string; param: string; message: string } }
    expect(error).toMatchObject({ code: 'invalid_field', param: 'for' })
    for (const paid of PATHS) expect(error.message).toContain(paid)
  }
})

test('a model of price zero needs no payment, and its quote says so', async () => {
  const quote = await readQuote('/v1/chat/completions', chatBody({ model: 'turnpike/free' }))
  expect(quote).toMatchObject({ estimate: '0', ceiling: '0', accepts: [], alternatives: [] })
})

test('quotes count like any other request that nobody has paid for', async () => {
  const from = { 'x-forwarded-for': '203.0.113.7' }
  const statuses: number[] = []
  for (let asked = 0; asked < 42; asked += 1) {
    const response = await quoteFor('/v1/embeddings', '{"model":"auto","input":"a"}', from)
    await response.arrayBuffer()
    statuses.push(response.status)
  }
  expect(statuses).toEqual([...Array<number>(40).fill(200), 429, 429])
  const late = await quoteFor('/v1/messages', '{', from)
  expect(await late.json()).toMatchObject({ type: 'error', error: { code: 'too_many_unpaid' } })
  expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await fetch(stack.chatUrl, post(chatBody(), from))).status).toBe(429)
})

test('of all that was quoted there is no row: only what was paid for has one', async () => {
  await stack.app.close()
  const database = await PGlite.create(stack.ledgerFolder)
  const { rows } = await database.query<{ count: number }>('select count(*)::int as count from admissions')
  const kept = await database.query<{ decision: StoredDecision }>(
    'select decision from calls where call_id = $1',
    [explained.callId],
  )
  await database.close()
  const [{ decision } = { decision: undefined }] = kept.rows
  expect(decision).toMatchObject({ reason: explained.reason, strategy: { name: 'cost' }, baseline: MODEL })
  // What was run is what was quoted, in its order.
  const planned = explained.endpoints.slice(0, LIMITS.storedCandidates)
  expect(decision?.candidates.slice(0, planned.length).map(({ endpoint }) => endpoint)).toEqual(planned)
  // One call was made by auto, the others by each way.
  expect(served).toBe(WAYS.length + 1)
  expect(rows).toEqual([{ count: served }])
})
