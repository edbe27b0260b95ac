import { createServer, type Server } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { UpstreamRequest } from '../../../src/call/ports.ts'
import type { Endpoint, Provider } from '../../../src/catalog/types.ts'
import type { StreamPart, UpstreamEnd } from '../../../src/chat/types.ts'
import type { SimulatedFaults } from '../../../src/dev/simulated-provider/faults.ts'
import {
  type SimulatedProvider,
  startSimulatedProvider,
} from '../../../src/dev/simulated-provider/start-simulated-provider.ts'
import { TurnpikeError } from '../../../src/lib/errors/turnpike-error.ts'
import { createUpstreams } from '../../../src/providers/create-upstreams.ts'
import type { UpstreamTimeouts } from '../../../src/providers/openai-compatible.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { HASTY_AFTER_CONTENT, HASTY_BEFORE_CONTENT, PATIENT } from '../../support/upstream-clocks.ts'

const CANARY = 'canary-9c1d'
const ENDPOINT: Endpoint = {
  id: 'simulated/m@local',
  modelId: 'v/m',
  providerId: 'simulated',
  region: 'local',
  upstreamModel: 'm',
}
const provider = (baseUrl: string): Provider => ({
  id: 'simulated',
  dialect: 'openai',
  baseUrl,
  simulated: true,
})

let sim: SimulatedProvider
let upstreams: ReturnType<typeof createUpstreams>
const opened: { close: () => unknown }[] = []

beforeAll(async () => {
  sim = await startSimulatedProvider({
    firstTokenMs: 10,
    tokensPerSecond: 1_000,
    minTokens: 20,
    maxTokens: 30,
  })
  upstreams = createUpstreams({ providers: [provider(sim.url)], keys: () => undefined, timeouts: PATIENT })
})
afterEach(async () => {
  sim.setFaults()
  await Promise.all(opened.splice(0).map((one) => one.close()))
})
afterAll(async () => {
  await upstreams.close()
  await sim.close()
})

const body = (fields: object = {}) =>
  JSON.stringify({
    model: 'm',
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: 'user', content: CANARY }],
    ...fields,
  })

type Asked = Partial<UpstreamRequest> & { via?: ReturnType<typeof createUpstreams> }

async function ask({ via = upstreams, ...asked }: Asked = {}) {
  const parts: StreamPart[] = []
  const end = await via.dispatch({
    endpoint: ENDPOINT,
    body: body(),
    stream: true,
    signal: new AbortController().signal,
    onPart: (part) => void parts.push(part),
    ...asked,
  })
  return { end, parts, text: textOf(parts) }
}

const textOf = (parts: readonly StreamPart[]) =>
  parts.map((part) => ('text' in part ? part.text : '')).join('')

/** The error of a call that must fail, checked for words of the prompt in every corner of it. */
async function failure(asked: Asked = {}): Promise<TurnpikeError> {
  try {
    await ask(asked)
  } catch (error) {
    if (!(error instanceof TurnpikeError)) throw error
    const { message, details, stack } = error
    expect(JSON.stringify([message, details, stack, String(details.cause)])).not.toContain(CANARY)
    return error
  }
  throw new Error('it did not fail')
}

/** A provider that answers as the test says, byte by byte where it must. */
async function startRaw(
  answer: Parameters<typeof createServer>[1],
): Promise<{ url: string; server: Server }> {
  const server = createServer(answer as never)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  opened.push({
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  })
  return { url: `http://127.0.0.1:${address.port}/v1`, server }
}

function connect(url: string, timeouts: UpstreamTimeouts = PATIENT) {
  const via = createUpstreams({ providers: [provider(url)], keys: () => undefined, timeouts })
  opened.push(via)
  return via
}

/** @returns how long it took. */
async function until(what: string, isSo: () => boolean): Promise<number> {
  const startedMs = performance.now()
  await waitUntil({ what, isSo, everyMs: 1 })
  return performance.now() - startedMs
}

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
  const via = connect(sim.url)
  const before = sim.connections()
  for (let count = 0; count < 5; count += 1) {
    await ask({ via })
    // The pool marks a connection as free one turn after its answer ended.
    await sleep(5)
  }
  await ask({ via, stream: false, body: body({ stream: false }) })
  expect(sim.connections() - before).toBe(1)
})

test('the request id reaches the provider, once', async () => {
  await ask({ requestId: 'req-77' })
  expect(sim.callsById.get('req-77')).toBe(1)
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
  sim.setFaults({ ...faults, echoPrompt: true })
  const via = connect(sim.url, code === 'upstream_timeout' ? HASTY_BEFORE_CONTENT : PATIENT)
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
  sim.setFaults({ ...faults, echoPrompt: true })
  const { end, parts } = await ask({ via: connect(sim.url, HASTY_AFTER_CONTENT) })
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
  sim.setFaults({ ...faults, echoPrompt: true })
  const via = connect(sim.url, code === 'upstream_timeout' ? HASTY_BEFORE_CONTENT : PATIENT)
  const whole = { via, stream: false, body: body({ stream: false, stream_options: undefined }) }
  expect((await failure(whole)).code).toBe(code)
})

test('a rate limit says how long to wait', async () => {
  sim.setFaults({ status: 429, retryAfter: '7' })
  expect(await failure()).toMatchObject({ code: 'upstream_rate_limited', details: { retryAfterMs: 7_000 } })
})

test('usage that is missing stays missing, and usage that is wrong is told as it came', async () => {
  const right = await ask()
  sim.setFaults({ missingUsage: true })
  const missing = await ask()
  expect(missing.end).toMatchObject({ outcome: 'completed', finishReason: 'stop' })
  expect(missing.end.usage).toBeUndefined()
  sim.setFaults({ usageFactor: 10 })
  const wrong = await ask()
  expect(wrong.end.usage?.outputText).toBe((right.end.usage?.outputText ?? 0) * 10)
})

test('a refused connection and an unknown provider are upstream errors', async () => {
  const { url, server } = await startRaw(() => undefined)
  server.close()
  expect((await failure({ via: connect(url) })).code).toBe('upstream_error')
  const endpoint = { ...ENDPOINT, providerId: 'nobody' }
  expect((await failure({ endpoint })).code).toBe('upstream_error')
  expect(upstreams.isReachable('nobody')).toBe(false)
  expect(upstreams.isReachable('simulated')).toBe(true)
})

test('a connection that is never made is given up by the connect clock', async () => {
  // A TLS handshake that nobody answers: the socket opens and the connection does not.
  const sockets: { destroy: () => void }[] = []
  const server = createTcpServer((socket) => sockets.push(socket.on('error', () => undefined)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const via = connect(`https://127.0.0.1:${address.port}/v1`, { ...PATIENT, connectMs: 100 })
  const startedMs = performance.now()
  expect(await failure({ via })).toMatchObject({
    code: 'upstream_timeout',
    details: { extra: { phase: 'connect' } },
  })
  expect(performance.now() - startedMs).toBeLessThan(PATIENT.firstContentMs / 4)
  for (const socket of sockets) socket.destroy()
  server.close()
})

test('a caller who hangs up is heard by the provider within 50 ms, before and after content', async () => {
  for (const after of [0, 5]) {
    const heardMs: number[] = []
    // The machine may hold one try up, but not what would be slow by itself: some try shows how fast it is.
    while (heardMs.length === 0 || (Math.min(...heardMs) >= 50 && heardMs.length < 5))
      heardMs.push(await hangUpAfter(after))
    expect(Math.min(...heardMs)).toBeLessThan(50)
  }
})

/** @returns how long it took the provider to hear of it, in ms. */
async function hangUpAfter(after: number): Promise<number> {
  // Silent from then on, so that the answer is not over before anybody can hang up.
  sim.setFaults(after === 0 ? { hang: true } : { stallAfter: after })
  const hangUp = new AbortController()
  let seen = 0
  const aborted = sim.aborted()
  const onPart = (part: StreamPart) => {
    if (part.type === 'content') seen += 1
    if (seen === after) hangUp.abort()
  }
  const running = ask({ signal: hangUp.signal, onPart })
  await until('the call is there', () => sim.running() > 0)
  if (after === 0) hangUp.abort()
  const { end } = await running
  expect(end.outcome).toBe('aborted')
  const heardMs = await until('the provider hears of it', () => sim.aborted() === aborted + 1)
  expect(seen).toBe(after)
  return heardMs
}

test('a call that is aborted already is never sent', async () => {
  const calls = sim.calls()
  const { end } = await ask({ signal: AbortSignal.abort() })
  expect(end).toEqual({ outcome: 'aborted' })
  await sleep(20)
  expect(sim.calls()).toBe(calls)
})

test('parts come one at a time, in order, while the caller is slow', async () => {
  let inside = 0
  const seen: string[] = []
  const onPart = async (part: StreamPart) => {
    inside += 1
    expect(inside).toBe(1)
    await sleep(1)
    inside -= 1
    seen.push('text' in part ? part.text : '')
  }
  const { end } = await ask({ onPart })
  expect(end.outcome).toBe('completed')
  expect(seen.join('')).toBe((await ask()).text)
})

test('a caller slower than every clock is not the provider’s fault', async () => {
  let isFirst = true
  const onPart = async (part: StreamPart) => {
    if (part.type !== 'content' || !isFirst) return
    isFirst = false
    await sleep(HASTY_AFTER_CONTENT.betweenChunksMs * 2.5)
  }
  const via = connect(sim.url, HASTY_AFTER_CONTENT)
  expect((await ask({ via, onPart })).end.outcome).toBe('completed')
})

test('a caller who stands still holds the provider back instead of filling our memory', async () => {
  const event = `data: ${JSON.stringify({ choices: [{ delta: { content: 'x'.repeat(8_000) } }] })}\n\n`
  let sentBytes = 0
  const { url } = await startRaw((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const fill = () => {
      while (sentBytes < 48 * 1024 * 1024) {
        sentBytes += event.length
        if (!response.write(event)) return
      }
      response.end('data: [DONE]\n\n')
    }
    response.on('drain', fill)
    fill()
  })
  const gate = Promise.withResolvers<void>()
  let count = 0
  const running = ask({
    via: connect(url),
    onPart: () => {
      count += 1
      return count === 1 ? gate.promise : undefined
    },
  })
  await until('the first part', () => count === 1)
  let heldAt = -1
  // What the buffers on the way take is sent yet; then nothing is.
  while (heldAt !== sentBytes) {
    heldAt = sentBytes
    await sleep(200)
  }
  expect(heldAt).toBeLessThan(16 * 1024 * 1024)
  gate.resolve()
  expect((await running).end.outcome).toBe('completed')
  expect(count).toBe(Math.ceil((48 * 1024 * 1024) / event.length))
})

test('an error of the caller’s own ends the call and the provider’s work', async () => {
  const aborted = sim.aborted()
  const own = new Error('own')
  for (const onPart of [
    () => {
      throw own
    },
    () => Promise.reject(own),
  ]) {
    await expect(ask({ onPart })).rejects.toBe(own)
  }
  await until('both are given up', () => sim.aborted() === aborted + 2)
})

const CONTENT = 'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'
const FINISH = 'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'
const USAGE = 'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}\n\n'

/** Answers with an event stream of exactly these bytes, then ends, breaks, or leaves the connection open. */
async function rawStream(text: string, then: 'end' | 'break' | 'open'): Promise<UpstreamEnd | TurnpikeError> {
  const { url } = await startRaw((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    if (then === 'end') return void response.end(text)
    response.write(text, () => {
      if (then === 'break') setTimeout(() => response.destroy(), 10)
    })
    return undefined
  })
  try {
    return (await ask({ via: connect(url) })).end
  } catch (error) {
    if (error instanceof TurnpikeError) return error
    throw error
  }
}

test('what counts as a whole stream', async () => {
  expect(await rawStream(`${CONTENT}${FINISH}data: [DONE]\n\n`, 'end')).toMatchObject({
    outcome: 'completed',
  })
  expect(await rawStream(`${CONTENT}${FINISH}`, 'end')).toMatchObject({ outcome: 'completed' })
  expect(await rawStream(`${CONTENT}data: [DONE]`, 'end')).toMatchObject({ outcome: 'completed' })
  expect(await rawStream(`${CONTENT}${FINISH}${USAGE}data: [DONE]\n\n`, 'open')).toMatchObject({
    outcome: 'completed',
    usage: { outputText: 1 },
  })
  expect(await rawStream(`${CONTENT}${FINISH}${USAGE}`, 'break')).toMatchObject({ outcome: 'completed' })
  expect(await rawStream(`${CONTENT}${FINISH}`, 'break')).toMatchObject({ outcome: 'interrupted' })
  expect(await rawStream(CONTENT, 'end')).toMatchObject({ outcome: 'interrupted' })
  expect(await rawStream('', 'end')).toMatchObject({ code: 'upstream_error' })
  expect(await rawStream('data: [DONE]\n\n', 'end')).toMatchObject({ code: 'upstream_error' })
})

test('usage repeated with zeros at the end does not wipe out the real one', async () => {
  const zero = 'data: {"choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0}}\n\n'
  expect(await rawStream(`${CONTENT}${FINISH}${USAGE}${zero}data: [DONE]\n\n`, 'end')).toMatchObject({
    usage: { inputUncached: 1, outputText: 1 },
  })
})

test('an event without end is cut off', async () => {
  expect(await rawStream(`data: ${'x'.repeat(2 * 1024 * 1024)}`, 'open')).toMatchObject({
    code: 'upstream_error',
  })
})

test('JSON with status 200 in a stream’s place is an error, and a redirect is not followed', async () => {
  const json = await startRaw((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ error: { message: CANARY } }))
  })
  expect((await failure({ via: connect(json.url) })).code).toBe('upstream_error')
  const calls = sim.calls()
  const redirect = await startRaw((_, response) => {
    response.writeHead(307, { location: `${sim.url}/chat/completions` })
    response.end()
  })
  expect((await failure({ via: connect(redirect.url) })).code).toBe('upstream_error')
  expect(sim.calls()).toBe(calls)
})

test('the key goes into the request’s header and nowhere else; nothing of the caller’s goes with it', async () => {
  let seen: Record<string, unknown> = {}
  const { url } = await startRaw((request, response) => {
    seen = { ...request.headers, path: request.url }
    response.writeHead(401, { 'set-cookie': 'a=b' })
    response.end(JSON.stringify({ error: { message: `bad key ${String(request.headers.authorization)}` } }))
  })
  const via = createUpstreams({
    providers: [{ ...provider(`${url}/`), apiKeyVariable: 'SIM_API_KEY' }],
    keys: (variable) => (variable === 'SIM_API_KEY' ? 'sk-secret' : undefined),
  })
  opened.push(via)
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
