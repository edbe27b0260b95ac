import { afterAll, beforeAll, expect, test } from 'vitest'
import { chatBody, MODEL, post, readAnswer, readError } from '../../support/chat.ts'
import { startStack, type Stack } from '../../support/start-stack.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { stockPayer } from '../../support/stock-payer.ts'

let stack: Stack

beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${stack.app.url}${path}`, { headers })
const json = async (response: Response) => (await response.json()) as Record<string, unknown>

test('a finished call is told to the holder of its id: money, no usage, no text', async () => {
  const payer = await stack.newPayer()
  const { pay } = stockPayer({ stack, payer, scheme: 'upto' })
  const answer = await readAnswer(await pay(stack.chatUrl, post(chatBody({ question: 'A secret harbour?' }))))
  await stack.settleUntilQuiet()
  const response = await get(`/v1/calls/${answer.callId}`)
  expect(response.status).toBe(200)
  const text = await response.text()
  expect(JSON.parse(text)).toMatchObject({
    object: 'call',
    id: answer.callId,
    state: 'final',
    model: MODEL,
    scheme: 'upto',
    charge: answer.turnpike.charge,
    ceiling: answer.turnpike.ceiling,
    asset: stack.usdc.address,
    network: 'eip155:84532',
    outcome: 'completed',
    transaction: expect.stringMatching(/^0x[0-9a-f]{64}$/) as string,
  })
  for (const word of ['secret', 'usage', 'tokens', payer.address, answer.text.slice(0, 20)]) {
    expect(text).not.toContain(word)
  }
})

test.each([
  ['anthropic/claude-sonnet-4.5', false],
  ['google/gemini-2.5-flash', false],
  ['openai/gpt-4o-mini', true],
])(
  'dev asks for %s in its vendor’s dialect and marks the answer as simulated',
  async (model, takesSeveral) => {
    const payer = await stack.newPayer()
    const { pay } = stockPayer({ stack, payer, scheme: 'batch-settlement' })
    const texts = new Set<string>()
    for (const stream of [true, false]) {
      const response = await pay(stack.chatUrl, post(chatBody({ model, stream, question: 'Which harbour?' })))
      expect(response.headers.get('x-turnpike-provider')).toBe('simulated')
      const answer = await readAnswer(response)
      expect(answer).toMatchObject({ status: 200, turnpike: { simulated: true } })
      expect(answer.usage.completion_tokens).toBeGreaterThanOrEqual(60)
      texts.add(answer.text)
    }
    expect(texts.size).toBe(1)
    // Only OpenAI's dialect has a word for several choices.
    const several = await fetch(stack.chatUrl, post(chatBody({ model, n: 2 })))
    expect(several.status).toBe(takesSeveral ? 402 : 400)
  },
)

test('a call that is not there is 404, whatever its id looks like', async () => {
  for (const id of [
    'call_00000000000000000000000000000000',
    'nothing',
    'call_%27%20or%201=1',
    'a'.repeat(500),
  ]) {
    const response = await get(`/v1/calls/${id}`)
    expect(response.status).toBe(404)
    expect(await readError(response)).toMatchObject({ code: 'call_not_found', type: 'invalid_request_error' })
  }
})

test('the models are listed as OpenAI lists them, with the price that a caller pays', async () => {
  const list = (await json(await get('/v1/models'))) as { object: string; data: { id: string }[] }
  expect(list.object).toBe('list')
  const listed = list.data.find(({ id }) => id === MODEL)
  expect(listed).toMatchObject({
    object: 'model',
    owned_by: 'openai',
    available: true,
    simulated: true,
    // $0.15 and $0.60 per million tokens and five percent.
    pricing: { prompt: '0.0000001575', completion: '0.00000063' },
    kind: 'chat',
    context_length: 128_000,
    architecture: { input_modalities: ['text', 'image'], output_modalities: ['text'] },
    capabilities: { tools: true, structured_output: 'unknown', reasoning: false },
    data_policy: { retention: 'unknown', training: 'unknown' },
    price_source: { source: expect.stringMatching(/^@pydantic.genai-prices \d/) },
    capability_source: { source: expect.stringMatching(/^@tokenlens.models \d/) },
  })
  const priced = list.data.filter((model) => 'pricing' in model && model.pricing !== null)
  expect(priced.length).toBeGreaterThan(200)
  const tiered = list.data.find(({ id }) => id === 'google/gemini-2.5-pro')
  expect(tiered).toMatchObject({ pricing: { tiers: [{ above_input_tokens: 200_000 }] } })
  const unpriced = await json(await get('/v1/models/perplexity/sonar'))
  expect(unpriced).toMatchObject({ pricing: null, available: true, simulated: true })
  expect(await json(await get(`/v1/models/${MODEL}`))).toEqual(listed)
  const missing = await get('/v1/models/nobody/nothing')
  expect((await readError(missing)).code).toBe('unknown_model')
})

test('health, readiness and metrics answer; readiness fails with its chain', async () => {
  expect(await json(await get('/healthz'))).toEqual({ status: 'ok' })
  const ready = await get('/readyz')
  expect(ready.status).toBe(200)
  const { checks } = (await ready.json()) as { checks: { name: string; ok: boolean }[] }
  expect(checks.map(({ name }) => name)).toEqual(['database', 'chain eip155:84532'])

  stack.proxy.setMode('html')
  try {
    // An answer is good for a second.
    await waitUntil({ what: 'the chain is missed', isSo: async () => (await get('/readyz')).status === 503 })
    expect(await json(await get('/readyz'))).toMatchObject({ status: 'not_ready' })
    expect((await get('/healthz')).status).toBe(200)
  } finally {
    stack.proxy.restore()
  }
})

test('the metrics count the calls that were served', async () => {
  const metrics = await get('/metrics')
  expect(metrics.headers.get('content-type')).toContain('text/plain')
  const before = callsIn(await metrics.text())
  const { pay } = stockPayer({ stack, payer: await stack.newPayer(), scheme: 'batch-settlement' })
  await readAnswer(await pay(stack.chatUrl, post(chatBody())))
  expect(callsIn(await (await get('/metrics')).text())).toBe(before + 1)
})

/** The sum of every series of the counter of calls. */
const callsIn = (text: string) =>
  text
    .split('\n')
    .filter((line) => /^turnpike_calls_total[{ ]/.test(line))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)

const ADMIN = [
  ['GET', '/admin/v1/ledger/trial-balance'],
  ['GET', '/admin/v1/ledger/check'],
  ['GET', '/admin/v1/reconciliation'],
  ['POST', '/admin/v1/settlements/run'],
] as const

test.each(ADMIN)('%s %s is for operators only', async (method, path) => {
  const url = `${stack.app.url}${path}`
  const wrong = ['', 'Bearer ', 'Bearer wrong', `Basic ${stack.adminToken}`, `Bearer ${stack.adminToken}x`]
  for (const authorization of wrong) {
    const refused = await fetch(url, { method, headers: { authorization } })
    expect(refused.status).toBe(401)
    expect((await readError(refused)).code).toBe('admin_token_required')
    expect(refused.headers.get('cache-control')).toBe('private, no-store')
  }
  const allowed = await fetch(url, { method, headers: { authorization: `Bearer ${stack.adminToken}` } })
  expect(allowed.status).toBe(200)
  expect(allowed.headers.get('cache-control')).toBe('private, no-store')
})

test("a caller's own request id comes back, an unfit one does not", async () => {
  expect((await get('/healthz', { 'x-request-id': 'agent-7.3' })).headers.get('x-request-id')).toBe(
    'agent-7.3',
  )
  const unfit = await get('/healthz', { 'x-request-id': 'a b;c' })
  expect(unfit.headers.get('x-request-id')).not.toBe('a b;c')
})
