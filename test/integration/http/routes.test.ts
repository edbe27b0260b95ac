import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { catalogOf } from '../../../src/app/defaults.ts'
import { chatBody, MODEL, post, readAnswer, readError } from '../../support/chat.ts'
import { startStack, type Stack } from '../../support/start-stack.ts'
import { stockPayer } from '../../support/stock-payer.ts'

let stack: Stack

/** Sold by a provider of its own, which says more than it should. */
const TALKATIVE_MODEL = 'xai/grok-3-mini'
let talkative: Talkative

beforeAll(async () => {
  talkative = await startTalkative()
  const catalog = catalogOf({ simulated: true })
  const endpoints = catalog.endpoints.map((endpoint) =>
    endpoint.modelId === TALKATIVE_MODEL ? { ...endpoint, providerId: 'talkative' } : endpoint,
  )
  stack = await startStack({
    overrides: ({ provider }) => ({
      catalog: { ...catalog, endpoints },
      providers: [
        { id: 'simulated', dialect: 'openai', baseUrl: provider.url, simulated: true },
        { id: 'talkative', dialect: 'openai', baseUrl: talkative.url, simulated: true },
      ],
    }),
  })
})
afterAll(async () => {
  await stack.close()
  talkative.close()
})

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
  })
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
    const broken = await get('/readyz')
    expect(broken.status).toBe(503)
    expect(await json(broken)).toMatchObject({ status: 'not_ready' })
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

test('every answer forbids caches to keep it and has a request id', async () => {
  const responses = [
    await fetch(stack.chatUrl, post(chatBody())),
    await fetch(stack.chatUrl, post('{')),
    await fetch(stack.chatUrl, { method: 'DELETE' }),
    await fetch(stack.chatUrl),
    await fetch(stack.chatUrl, post(chatBody({ model: 'turnpike/free' }))),
    await fetch(stack.chatUrl, post(chatBody({ model: 'turnpike/free', stream: true }))),
    await get('/v1/models'),
    await get('/v1/calls/nothing'),
    await get('/healthz'),
    await get('/readyz'),
    await get('/metrics'),
    await get('/nowhere'),
  ]
  expect(responses.map(({ status }) => status)).toEqual([
    402, 400, 405, 402, 200, 200, 200, 404, 200, 200, 200, 404,
  ])
  for (const response of responses) {
    expect(response.headers.get('cache-control'), response.url).toBe('private, no-store')
    expect(response.headers.get('x-request-id'), response.url).toMatch(/^[\w-]{20,}$/)
    expect(response.headers.get('x-powered-by')).toBeNull()
    await response.arrayBuffer()
  }
})

test("a caller's own request id comes back, an unfit one does not", async () => {
  expect((await get('/healthz', { 'x-request-id': 'agent-7.3' })).headers.get('x-request-id')).toBe(
    'agent-7.3',
  )
  const unfit = await get('/healthz', { 'x-request-id': 'a b;c' })
  expect(unfit.headers.get('x-request-id')).not.toBe('a b;c')
})

type Talkative = Awaited<ReturnType<typeof startTalkative>>

/** A provider that sends payment headers, cookies and a receipt of its own with every stream. */
async function startTalkative() {
  const seen: unknown[] = []
  const server = createServer((request, response) => {
    seen.push(request.headers)
    const events = [
      { choices: [{ index: 0, delta: { role: 'assistant', content: 'Hello' } }] },
      { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
      { choices: [], usage: { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10 } },
    ].map((part) => `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', ...part })}\n\n`)
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'payment-response': 'from-upstream',
      'payment-required': 'from-upstream',
      'x-payment-response': 'from-upstream',
      'settlement-overrides': '{"amount":"1"}',
      'set-cookie': 'tracker=1',
      'x-call-id': 'from-upstream',
      'proxy-authenticate': 'Basic',
    })
    response.end(`: payment-response from-upstream\n\n${events.join('')}data: [DONE]\n\n`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1`,
    seen,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

test('what a provider says in payment headers and cookies goes to nobody, and ours not to the provider', async () => {
  const { pay } = stockPayer({ stack, payer: await stack.newPayer(), scheme: 'upto' })
  const body = chatBody({ model: TALKATIVE_MODEL, stream: true })
  const headers = { cookie: 'session=1', authorization: 'Bearer sk-of-the-caller' }
  const response = await pay(stack.chatUrl, post(body, headers))
  const everything = JSON.stringify([...response.headers]) + (await response.text())
  expect(everything).toContain('Hello')
  for (const trace of ['from-upstream', 'settlement-overrides', 'tracker', 'proxy-authenticate']) {
    expect(everything.toLowerCase()).not.toContain(trace)
  }
  expect(talkative.seen).toHaveLength(1)
  const given = JSON.stringify(talkative.seen[0])
  for (const secret of ['payment-signature', 'x-payment', 'session=1', 'sk-of-the-caller']) {
    expect(given).not.toContain(secret)
  }
})
