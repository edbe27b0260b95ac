import { PGlite } from '@electric-sql/pglite'
import { PaymentRequiredV2Schema } from '@x402/core/schemas'
import * as fc from 'fast-check'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { catalogOf } from '../../../src/app/defaults.ts'
import { LIMITS } from '../../../src/lib/limits.ts'
import { shareOf } from '../../../src/routing/quality-view.ts'
import type { StoredDecision } from '../../../src/routing/explanation.ts'
import { CHAT_DIALECT } from '../../../src/chat/answer/chat-dialect.ts'
import { EMBEDDINGS_DIALECT } from '../../../src/chat/embeddings/embeddings-dialect.ts'
import { MESSAGES_DIALECT } from '../../../src/chat/messages/messages-dialect.ts'
import { RESPONSES_DIALECT } from '../../../src/chat/responses/responses-dialect.ts'
import type { Scheme } from '../../../src/payment/types.ts'
import { chatBody, MODEL, post } from '../../support/chat.ts'
import { booksAndCalls } from '../../support/refusals.ts'
import { startStack, type Stack } from '../../support/start-stack.ts'
import { decodeBase64, stockPayer, type WirePayment } from '../../support/stock-payer.ts'
import { encodeBase64 } from '../../support/wire-payment.ts'

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

type Offer = WirePayment['accepted']
type Quote = {
  readonly id: string
  readonly model: string
  readonly endpoint: string
  readonly estimate: string
  readonly ceiling: string
  readonly output_cap: number
  readonly expires_at: string
  readonly hint?: string
  readonly accepts: readonly Offer[]
  readonly alternatives: readonly {
    readonly model: string
    readonly ceiling: string
    readonly estimate: string
    readonly offers: readonly {
      scheme: string
      network: string
      asset: string
      symbol: string
      amount: string
    }[]
  }[]
  readonly plan: readonly Record<string, string>[]
}
type Explanation = {
  readonly strategy: object
  readonly candidates: readonly {
    readonly endpoint: string
    readonly model: string
    readonly score: number
    readonly terms: Record<
      'quality' | 'uncertainty' | 'cost' | 'latency' | 'availability' | 'stickiness',
      number
    >
    readonly inputs: Readonly<Record<string, number>>
    readonly estimate: Readonly<Record<string, number>>
  }[]
  readonly runner_up: { readonly endpoint: string; readonly margin: number } | null
  readonly considered: number
  readonly passed: number
  readonly filters: readonly { readonly code: string; readonly count: number }[]
}
type Priced = {
  readonly estimate_usd: string
  readonly ceiling_usd: string
  readonly output_cap: number
  hint?: string
}

const at = (path: string) => `${stack.app.url}${path}`
const quoteFor = (path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(at(`/v1/quotes?for=${path}`), post(body, headers))
const readQuote = async (path: string, body: string) => (await (await quoteFor(path, body)).json()) as Quote

/** The 402 of the same request. */
const demandOf = async (path: string, body: string) => readDemand(await fetch(at(path), post(body)))

async function readDemand(response: Response) {
  const { error } = (await response.json()) as { error: Priced }
  expect({ status: response.status, error }).toMatchObject({ status: 402 })
  const required = decodeBase64(response.headers.get('payment-required') ?? '') as {
    accepts: Offer[]
    resource: object
  }
  return { error, ...required }
}

/** Offers without the quote, which is another one each time. */
const bare = (offers: readonly Offer[]) =>
  offers.map(({ extra, ...offer }) => {
    const { quote, ...rest } = extra
    expect(typeof quote).toBe('string')
    return { ...offer, extra: rest }
  })

const words = fc.integer({ min: 0, max: 6 }).map((size) => 'harbour '.repeat(4 ** size + 1))
const model = fc.constantFrom(
  'auto',
  'auto:cost',
  MODEL,
  'anthropic/claude-opus-4.1',
  'openai/o1-pro',
  'xai/grok-4-0709',
)
const cap = fc.integer({ min: 1, max: 8_000 })
const stream = fc.boolean()

const BODIES: Readonly<Record<string, fc.Arbitrary<object>>> = {
  '/v1/chat/completions': fc.record(
    {
      model,
      messages: words.map((content) => [{ role: 'user', content }]),
      max_tokens: cap,
      n: fc.integer({ min: 1, max: 3 }),
      stream,
      temperature: fc.constantFrom(0, 1),
    },
    { requiredKeys: ['model', 'messages'] },
  ),
  '/v1/messages': fc.record(
    {
      model,
      messages: words.map((content) => [{ role: 'user', content }]),
      max_tokens: cap,
      system: words,
      stream,
    },
    { requiredKeys: ['model', 'messages', 'max_tokens'] },
  ),
  '/v1/responses': fc.record(
    { model, input: words, max_output_tokens: cap, instructions: words, stream },
    { requiredKeys: ['model', 'input'] },
  ),
  '/v1/embeddings': fc.record(
    {
      model: fc.constantFrom('auto', 'openai/text-embedding-3-small', 'openai/text-embedding-3-large'),
      input: fc.oneof(words, fc.array(words, { minLength: 1, maxLength: 5 }), fc.constant([1, 2, 3])),
      dimensions: fc.integer({ min: 1, max: 512 }),
    },
    { requiredKeys: ['model', 'input'] },
  ),
}
const PATHS = Object.keys(BODIES)

test.each(PATHS)('a quote for %s is the 402 of the same request, to the atom', async (path) => {
  const before = await booksAndCalls(stack)
  const bodies = fc.sample(BODIES[path] ?? fc.constant({}), { seed: 20_261_126, numRuns: 50 })
  let above1Usd = 0
  let priced = 0
  for (const body of bodies.map((fields) => JSON.stringify(fields))) {
    const [quoted, asked] = await Promise.all([quoteFor(path, body), fetch(at(path), post(body))])
    if (asked.status === 400) {
      // No provider of that model can do it: both say so.
      expect({ status: quoted.status, body: await quoted.json() }).toEqual({
        status: 400,
        body: await asked.json(),
      })
      continue
    }
    priced += 1
    const quote = (await quoted.json()) as Quote
    const demanded = await readDemand(asked)
    expect(bare(quote.accepts)).toEqual(bare(demanded.accepts))
    expect(quote.accepts.map(({ scheme }) => scheme)).toEqual([
      'batch-settlement',
      'batch-settlement',
      'upto',
      'upto',
      'exact',
      'exact',
    ])
    const { estimate_usd: estimate, ceiling_usd: ceiling, output_cap: outputCap, hint } = demanded.error
    expect({ ...quote }).toMatchObject({
      estimate,
      ceiling,
      output_cap: outputCap,
      resource: demanded.resource,
    })
    expect(quote.hint).toBe(hint)
    if (hint) above1Usd += 1
    await expectTrueHint({ path, body, hint })
  }
  expect(priced).toBeGreaterThan(35)
  if (path === '/v1/chat/completions') expect(above1Usd).toBeGreaterThan(0)
  expect(await booksAndCalls(stack)).toEqual(before)
})

/** The output cap that a hint names fits below $1, and one token more does not; it is named as the dialect names it. */
async function expectTrueHint({
  path,
  body,
  hint,
}: {
  path: string
  body: string
  hint: string | undefined
}) {
  const [, name, fitting] = /(\w+): (\d+) would fit/.exec(hint ?? '') ?? []
  if (!name || !fitting) return
  expect(name).toBe(path === '/v1/responses' ? 'max_output_tokens' : 'max_tokens')
  const ceilingAt = async (tokens: number) => {
    const fields = JSON.parse(body) as object
    return Number((await readQuote(path, JSON.stringify({ ...fields, [name]: tokens }))).ceiling)
  }
  expect(await ceilingAt(Number(fitting))).toBeLessThanOrEqual(1)
  expect(await ceilingAt(Number(fitting) + 1)).toBeGreaterThan(1)
}

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
  const quote = (await readQuote('/v1/chat/completions', body)) as Quote & {
    explanation: Explanation
    reason: string
  }
  const { explanation, reason } = quote
  const { candidates, runner_up: next, filters, considered, passed, strategy } = explanation
  expect(strategy).toMatchObject({ name: 'cost', weights: { quality: 1, cost: 0.4 } })
  expect(candidates[0]).toMatchObject({ model: quote.model, endpoint: quote.endpoint })
  for (const { score, terms, inputs, estimate } of candidates) {
    const { quality, uncertainty, cost, latency, availability, stickiness } = terms
    expect(quality + uncertainty + cost + latency + availability + stickiness).toBe(score)
    expect(inputs['quality']).toBeCloseTo(shareOf((estimate['prior'] ?? 0) + (estimate['prompt'] ?? 0)), 9)
  }
  expect(next).toEqual({
    endpoint: candidates[1]?.endpoint,
    margin: (candidates[0]?.score ?? 0) - (candidates[1]?.score ?? 0),
  })
  const codes = filters.map(({ code }) => code)
  for (const code of ['model_excluded', 'max_price', 'context_length']) expect(codes).toContain(code)
  // Every endpoint is accounted for once: it passed, or one filter kept it out.
  const kept = filters.reduce((sum, { count }) => sum + count, 0)
  const { endpoints, models } = catalogOf({ simulated: true })
  const kinds = endpoints.filter(({ modelId }) => models.get(modelId)?.kind === 'chat')
  expect([passed + kept, considered]).toEqual([kinds.length, kinds.length])
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

const BAD: Readonly<Record<string, readonly string[]>> = {
  '/v1/chat/completions': [
    '{',
    '[]',
    chatBody({ model: 'nobody/nothing' }),
    chatBody({ temprature: 1 }),
    chatBody({ max_completion_tokens: 3 }),
    chatBody({ model: 'openai/text-embedding-3-small' }),
    chatBody({ model: 'perplexity/sonar' }),
  ],
  '/v1/messages': ['{', '{"model":"auto"}', '{"model":"auto","messages":[],"max_tokens":5}'],
  '/v1/responses': ['null', '{"model":"auto","input":"a","store":true}', '{"model":"auto","max_tokens":5}'],
  '/v1/embeddings': [
    '{"model":"auto"}',
    '{"model":"openai/gpt-5","input":"a"}',
    '{"model":"auto","input":""}',
  ],
}

test.each(PATHS)('a body that %s would refuse is refused in the same words', async (path) => {
  for (const body of BAD[path] ?? []) {
    const headers = { 'x-request-id': 'the-same' }
    const [quoted, asked] = await Promise.all([
      quoteFor(path, body, headers),
      fetch(at(path), post(body, headers)),
    ])
    expect(asked.status).toBe(400)
    expect(quoted.status).toBe(asked.status)
    expect(await quoted.json()).toEqual(await asked.json())
    expect(quoted.headers.get('x-should-retry')).toBe(asked.headers.get('x-should-retry'))
    expect(quoted.headers.get('request-id')).toBe(asked.headers.get('request-id'))
  }
  // A probe has a price, but nothing can be bought by it: here it is a body without a model.
  for (const body of ['', '{}']) {
    const probe = await quoteFor(path, body)
    expect(probe.status).toBe(400)
    expect(await probe.json()).toMatchObject({
      error: { code: 'missing_field', param: 'model' },
    })
  }
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
