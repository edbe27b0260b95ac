import { createServer as createTcpServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { SimulatedFaults } from '../../../src/dev/simulated-provider/faults.ts'
import { createUpstreams } from '../../../src/providers/create-upstreams.ts'
import { HASTY_AFTER_CONTENT, HASTY_BEFORE_CONTENT, PATIENT } from '../../support/upstream-clocks.ts'
import { body, CANARY, ENDPOINT, listen, provider, useUpstreams } from './upstream-world.ts'

/** What comes of a call at a provider that answers, or fails to. */
const world = useUpstreams()
const { ask, failure, startRaw, connect, closeLater } = world

test('a stream comes through part by part with text, finish, usage and the time of its first content', async () => {
  const { end, parts, text } = await ask()
  const contents = parts.filter(({ type }) => type === 'content')
  expect(end.outcome).toBe('completed')
  expect(end.finishReason).toBe('stop')
  expect(end.usage?.outputText).toBe(contents.length)
  expect(end.firstContentMs).toBeGreaterThan(5)
  expect(text.split(' ').length).toBeGreaterThan(15)
  expect(parts[0]?.type).toBe('preamble')
  expect(parts.at(-1)?.type).toBe('usage')
  for (const { json } of parts) expect(JSON.parse(json)).toHaveProperty('choices')
})

test('the same call streamed and not gives the same text and the same usage', async () => {
  const streamed = await ask()
  const whole = await ask({ stream: false, body: body({ stream: false, stream_options: undefined }) })
  expect(whole.parts).toHaveLength(1)
  expect(whole.parts[0]?.type).toBe('finish')
  expect(whole.text).toBe(streamed.text)
  expect(whole.end).toMatchObject({ outcome: 'completed', usage: streamed.end.usage, finishReason: 'stop' })
})

test('every choice of a call is streamed and counted', async () => {
  const { end, parts } = await ask({ body: body({ n: 3, max_tokens: 5 }) })
  expect(parts.filter(({ type }) => type === 'content')).toHaveLength(15)
  expect(end).toMatchObject({ finishReason: 'length', usage: { outputText: 15 } })
})

test('calls one after the other share a connection', async () => {
  const via = connect(world.sim.url)
  const before = world.sim.connections()
  for (let count = 0; count < 5; count += 1) {
    await ask({ via })
    // The pool marks a connection as free one turn after its answer ended.
    await sleep(5)
  }
  await ask({ via, stream: false, body: body({ stream: false }) })
  expect(world.sim.connections() - before).toBe(1)
})

test('the request id reaches the provider, once', async () => {
  await ask({ requestId: 'req-77' })
  expect(world.sim.callsById.get('req-77')).toBe(1)
})

test.each<[SimulatedFaults, string]>([
  [{ status: 400 }, 'upstream_rejected'],
  [{ status: 404 }, 'upstream_rejected'],
  [{ status: 422 }, 'upstream_rejected'],
  [{ status: 401 }, 'upstream_error'],
  [{ status: 500 }, 'upstream_error'],
  [{ status: 503 }, 'upstream_error'],
  [{ hang: true }, 'upstream_timeout'],
  [{ stallAfter: 0 }, 'upstream_timeout'],
  [{ stallAfter: 0, commentMs: 20 }, 'upstream_timeout'],
  [{ headersDelayMs: 5_000 }, 'upstream_timeout'],
  [{ cutAfter: 0 }, 'upstream_error'],
  [{ endAfter: 0 }, 'upstream_error'],
  [{ errorAfter: 0 }, 'upstream_error'],
  [{ malformedAfter: 0 }, 'upstream_error'],
])('before content, %j is %s, and the provider’s words stay there', async (faults, code) => {
  world.sim.setFaults({ ...faults, echoPrompt: true })
  const via = connect(world.sim.url, code === 'upstream_timeout' ? HASTY_BEFORE_CONTENT : PATIENT)
  expect((await failure({ via })).code).toBe(code)
})

test.each<[SimulatedFaults]>([
  [{ stallAfter: 3 }],
  [{ stallAfter: 3, commentMs: 20 }],
  [{ cutAfter: 3 }],
  [{ endAfter: 3 }],
  [{ errorAfter: 3 }],
  [{ malformedAfter: 3 }],
])('after content, %j ends as interrupted with what was delivered', async (faults) => {
  world.sim.setFaults({ ...faults, echoPrompt: true })
  const { end, parts } = await ask({ via: connect(world.sim.url, HASTY_AFTER_CONTENT) })
  expect(end.outcome).toBe('interrupted')
  expect(end.usage).toBeUndefined()
  expect(parts.filter(({ type }) => type === 'content')).toHaveLength(3)
  expect(JSON.stringify(parts)).not.toContain(CANARY)
})

test.each<[SimulatedFaults, string]>([
  [{ status: 429 }, 'upstream_rate_limited'],
  [{ status: 500 }, 'upstream_error'],
  [{ hang: true }, 'upstream_timeout'],
  [{ headersDelayMs: 5_000 }, 'upstream_timeout'],
  [{ cutAfter: 0 }, 'upstream_error'],
])('not streamed, %j is %s', async (faults, code) => {
  world.sim.setFaults({ ...faults, echoPrompt: true })
  const via = connect(world.sim.url, code === 'upstream_timeout' ? HASTY_BEFORE_CONTENT : PATIENT)
  const whole = { via, stream: false, body: body({ stream: false, stream_options: undefined }) }
  expect((await failure(whole)).code).toBe(code)
})

test('a rate limit says how long to wait', async () => {
  world.sim.setFaults({ status: 429, retryAfter: '7' })
  expect(await failure()).toMatchObject({ code: 'upstream_rate_limited', details: { retryAfterMs: 7_000 } })
})

test('usage that is missing stays missing, and usage that is wrong is told as it came', async () => {
  const right = await ask()
  world.sim.setFaults({ missingUsage: true })
  const missing = await ask()
  expect(missing.end).toMatchObject({ outcome: 'completed', finishReason: 'stop' })
  expect(missing.end.usage).toBeUndefined()
  world.sim.setFaults({ usageFactor: 10 })
  const wrong = await ask()
  expect(wrong.end.usage?.outputText).toBe((right.end.usage?.outputText ?? 0) * 10)
})

test('a refused connection and an unknown provider are upstream errors', async () => {
  const { url, server } = await startRaw(() => undefined)
  server.close()
  expect((await failure({ via: connect(url) })).code).toBe('upstream_error')
  const endpoint = { ...ENDPOINT, providerId: 'nobody' }
  expect((await failure({ endpoint })).code).toBe('upstream_error')
  expect(world.upstreams.isReachable('nobody')).toBe(false)
  expect(world.upstreams.isReachable('simulated')).toBe(true)
})

test('a connection that is never made is given up by the connect clock', async () => {
  // A TLS handshake that nobody answers: the socket opens and the connection does not.
  const sockets: { destroy: () => void }[] = []
  const server = createTcpServer((socket) => sockets.push(socket.on('error', () => undefined)))
  const port = await listen(server)
  const via = connect(`https://127.0.0.1:${port}/v1`, { ...PATIENT, connectMs: 100 })
  const startedMs = performance.now()
  expect(await failure({ via })).toMatchObject({
    code: 'upstream_timeout',
    details: { extra: { phase: 'connect' } },
  })
  expect(performance.now() - startedMs).toBeLessThan(PATIENT.firstContentMs / 4)
  for (const socket of sockets) socket.destroy()
  server.close()
})

test('the key goes into the request’s header and nowhere else; nothing of the caller’s goes with it', async () => {
  let seen: Record<string, unknown> = {}
  const { url } = await startRaw((request, response) => {
    seen = { ...request.headers, path: request.url }
    response.writeHead(401, { 'set-cookie': 'a=b' })
    response.end(JSON.stringify({ error: { message: `bad key ${String(request.headers.authorization)}` } }))
  })
  const via = closeLater(
    createUpstreams({
      providers: [{ ...provider(`${url}/`), apiKeyVariable: 'SIM_API_KEY' }],
      keys: (variable) => (variable === 'SIM_API_KEY' ? 'sk-secret' : undefined),
    }),
  )
  const error = await failure({ via })
  expect(JSON.stringify([error.message, error.details, error.stack])).not.toContain('sk-secret')
  expect(seen).toMatchObject({ authorization: 'Bearer sk-secret', path: '/v1/chat/completions' })
  expect(Object.keys(seen).filter((name) => /payment|cookie/.test(name))).toEqual([])
  const without = createUpstreams({
    providers: [{ ...provider(url), apiKeyVariable: 'SIM_API_KEY' }],
    keys: () => undefined,
  })
  expect(without.isReachable('simulated')).toBe(false)
})
