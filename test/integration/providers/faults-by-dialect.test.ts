import { createServer as createTcpServer } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { UpstreamRequest } from '../../../src/call/ports.ts'
import type { Endpoint, Provider } from '../../../src/catalog/types.ts'
import type { StreamPart } from '../../../src/chat/types.ts'
import { NO_USAGE } from '../../../src/chat/usage.ts'
import type { SimulatedFaults } from '../../../src/dev/simulated-provider/faults.ts'
import type { SpecialAnswer } from '../../../src/dev/simulated-provider/special-answer.ts'
import {
  type SimulatedProvider,
  startSimulatedProvider,
} from '../../../src/dev/simulated-provider/start-simulated-provider.ts'
import { errorSpec } from '../../../src/lib/errors/registry.ts'
import { TurnpikeError } from '../../../src/lib/errors/turnpike-error.ts'
import { createUpstreams } from '../../../src/providers/create-upstreams.ts'
import { assembleChat } from '../../support/assemble-chat.ts'
import { HASTY_AFTER_CONTENT, HASTY_BEFORE_CONTENT, PATIENT } from '../../support/upstream-clocks.ts'

type Dialect = Provider['dialect']
const DIALECTS: readonly Dialect[] = ['openai', 'anthropic', 'google']
const PATHS: Readonly<Record<Dialect, string>> = { openai: '/v1', anthropic: '/v1', google: '/v1beta' }
const CANARY = 'canary-4b7e'

const providersAt = (origin: string): readonly Provider[] =>
  DIALECTS.map((dialect) => ({
    id: dialect,
    dialect,
    baseUrl: `${origin}${PATHS[dialect]}`,
    simulated: true,
  }))
const endpointAt = (dialect: Dialect): Endpoint => ({
  id: `${dialect}/m@local`,
  modelId: 'v/m',
  providerId: dialect,
  region: 'local',
  upstreamModel: 'm',
})

let sim: SimulatedProvider
let upstreams: ReturnType<typeof createUpstreams>
/** With short clocks, for providers that fall silent: before content, and after it. */
let hasty: { before: typeof upstreams; after: typeof upstreams }

beforeAll(async () => {
  sim = await startSimulatedProvider({
    firstTokenMs: 10,
    tokensPerSecond: 1_000,
    minTokens: 20,
    maxTokens: 30,
  })
  const options = { providers: providersAt(sim.origin), keys: () => undefined }
  upstreams = createUpstreams({ ...options, timeouts: PATIENT })
  hasty = {
    before: createUpstreams({ ...options, timeouts: HASTY_BEFORE_CONTENT }),
    after: createUpstreams({ ...options, timeouts: HASTY_AFTER_CONTENT }),
  }
  // The packages are loaded by the first who asks, and none of the short clocks is for that.
  await Promise.all(DIALECTS.map((dialect) => ask({ dialect })))
})
afterEach(() => {
  sim.setFaults()
  sim.setAnswer()
})
afterAll(async () => {
  for (const one of [upstreams, hasty.before, hasty.after]) await one.close()
  await sim.close()
})

const tool = (name: string) => ({
  type: 'function',
  function: {
    name,
    description: `Looks for the ${name}.`,
    parameters: {
      type: 'object',
      properties: { port: { type: 'string' }, hours: { type: 'integer' }, isOpen: { type: 'boolean' } },
      required: ['port'],
      additionalProperties: false,
    },
  },
})

/** A conversation in which each dialect puts something elsewhere. */
const MESSAGES = [
  { role: 'system', content: 'You know harbours.' },
  { role: 'user', content: [{ type: 'text', text: CANARY }] },
  {
    role: 'assistant',
    content: null,
    tool_calls: [
      { id: 'call_1', type: 'function', function: { name: 'tide', arguments: '{"port":"Oslo"}' } },
      { id: 'call_2', type: 'function', function: { name: 'wind', arguments: '{"port":"Oslo"}' } },
    ],
  },
  { role: 'tool', tool_call_id: 'call_1', content: 'High at noon.' },
  { role: 'tool', tool_call_id: 'call_2', content: 'None.' },
  { role: 'user', content: 'And tomorrow?' },
]

const bodyOf = ({ stream }: { stream: boolean }) =>
  JSON.stringify({
    model: 'm',
    max_tokens: 200,
    messages: MESSAGES,
    tools: [tool('tide'), tool('wind')],
    ...(stream ? { stream, stream_options: { include_usage: true } } : {}),
  })

type Asked = Partial<UpstreamRequest> & { dialect: Dialect; via?: ReturnType<typeof createUpstreams> }

async function ask({ dialect, via = upstreams, stream = true, ...asked }: Asked) {
  const parts: StreamPart[] = []
  const end = await via.dispatch({
    endpoint: endpointAt(dialect),
    body: bodyOf({ stream }),
    stream,
    signal: new AbortController().signal,
    onPart: (part) => void parts.push(part),
    ...asked,
  })
  return { end, parts, message: assembleChat(parts) }
}

/** The error of a call that must fail before content, checked for words of the prompt in every corner of it. */
async function failure(asked: Asked): Promise<TurnpikeError> {
  const parts: StreamPart[] = []
  try {
    await ask({ ...asked, onPart: (part) => void parts.push(part) })
  } catch (error) {
    if (!(error instanceof TurnpikeError)) throw error
    const { message, details, stack } = error
    expect(JSON.stringify([message, details, stack, String(details.cause)])).not.toContain(CANARY)
    expect(parts.filter(({ type }) => type !== 'preamble')).toEqual([])
    return error
  }
  throw new Error(`${asked.dialect} did not fail`)
}

/** The failures of one call in every dialect at once: their clocks run side by side. */
const failures = (asked: Partial<Asked> = {}) =>
  Promise.all(DIALECTS.map((dialect) => failure({ ...asked, dialect })))

const each = <Value>(value: Value) => DIALECTS.map(() => value)

test.each<[SimulatedFaults, string]>([
  [{ status: 400 }, 'upstream_rejected'],
  [{ status: 401 }, 'upstream_error'],
  [{ status: 403 }, 'upstream_error'],
  [{ status: 404 }, 'upstream_rejected'],
  [{ status: 413 }, 'upstream_rejected'],
  [{ status: 429 }, 'upstream_rate_limited'],
  [{ status: 500 }, 'upstream_error'],
  [{ status: 503 }, 'upstream_error'],
  [{ status: 504 }, 'upstream_timeout'],
  [{ status: 529 }, 'upstream_error'],
  [{ hang: true }, 'upstream_timeout'],
  [{ headersDelayMs: 5_000 }, 'upstream_timeout'],
  [{ stallAfter: 0 }, 'upstream_timeout'],
  [{ stallAfter: 0, commentMs: 20 }, 'upstream_timeout'],
  [{ cutAfter: 0 }, 'upstream_error'],
  [{ endAfter: 0 }, 'upstream_error'],
  [{ errorAfter: 0 }, 'upstream_error'],
  [{ errorAfter: 0, errorStatus: 429 }, 'upstream_rate_limited'],
  [{ malformedAfter: 0 }, 'upstream_error'],
])('before content, %j is %s in every dialect', async (faults, code) => {
  sim.setFaults({ ...faults, echoPrompt: true })
  const errors = await failures(code === 'upstream_timeout' ? { via: hasty.before } : {})
  expect(errors.map((error) => error.code)).toEqual(each(code))
  if (code === 'upstream_timeout' && !faults.status) {
    expect(errors.map(({ details }) => details.extra)).toEqual(each({ phase: 'content' }))
  }
  expect(errors.map((error) => errorSpec(error.code).retryable)).toEqual(
    each(errorSpec(errors[0]?.code ?? 'upstream_error').retryable),
  )
})

test.each<[SimulatedFaults]>([
  [{ stallAfter: 3 }],
  [{ stallAfter: 3, commentMs: 20 }],
  [{ cutAfter: 3 }],
  [{ endAfter: 3 }],
  [{ errorAfter: 3 }],
  [{ errorAfter: 3, errorStatus: 429 }],
  [{ malformedAfter: 3 }],
])('after content, %j is an interrupted end with what was delivered, in every dialect', async (faults) => {
  sim.setFaults({ ...faults, echoPrompt: true })
  const answers = await Promise.all(DIALECTS.map((dialect) => ask({ dialect, via: hasty.after })))
  for (const { end, parts } of answers) {
    expect(end).toMatchObject({ outcome: 'interrupted', firstContentMs: expect.any(Number) })
    expect(end.usage).toBeUndefined()
    expect(end.finishReason).toBeUndefined()
    expect(parts.map(({ type }) => type)).toEqual(['preamble', ...each('content')])
    expect(JSON.stringify(parts)).not.toContain(CANARY)
  }
  const [first, ...rest] = answers.map(({ message }) => message.content)
  expect(first).not.toBe('')
  expect(rest).toEqual([first, first])
})

test.each<[SimulatedFaults, string]>([
  [{ status: 429 }, 'upstream_rate_limited'],
  [{ status: 500 }, 'upstream_error'],
  [{ hang: true }, 'upstream_timeout'],
  [{ cutAfter: 0 }, 'upstream_error'],
])('not streamed, %j is %s in every dialect', async (faults, code) => {
  sim.setFaults({ ...faults, echoPrompt: true })
  const via = code === 'upstream_timeout' ? hasty.before : upstreams
  const errors = await failures({ via, stream: false })
  expect(errors.map((error) => error.code)).toEqual(each(code))
  if (code === 'upstream_timeout') {
    expect(errors.map(({ details }) => details.extra)).toEqual(each({ phase: 'answer' }))
  }
})

test('a provider that goes on after its answer was given up is let go, whatever its dialect', async () => {
  sim.setFaults({ malformedAfter: 1, stallAfter: 2 })
  const ends = await Promise.all(DIALECTS.map(async (dialect) => (await ask({ dialect })).end.outcome))
  expect(ends).toEqual(each('interrupted'))
  await expect.poll(() => sim.running()).toBe(0)
})

test('a connection that is never made is given up by the connect clock', async () => {
  // A TLS handshake that nobody answers: the socket opens and the connection does not.
  const sockets: { destroy: () => void }[] = []
  const server = createTcpServer((socket) => sockets.push(socket.on('error', () => undefined)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const providers = providersAt(`https://127.0.0.1:${address.port}`)
  const timeouts = { ...PATIENT, connectMs: 100 }
  const via = createUpstreams({ providers, keys: () => undefined, timeouts })
  const startedMs = performance.now()
  expect((await failures({ via })).map((error) => error.code)).toEqual(each('upstream_timeout'))
  expect(performance.now() - startedMs).toBeLessThan(PATIENT.firstContentMs / 4)
  await via.close()
  for (const socket of sockets) socket.destroy()
  server.close()
})

test('a connection that is refused is an upstream error', async () => {
  const gone = await startSimulatedProvider()
  await gone.close()
  const via = createUpstreams({ providers: providersAt(gone.origin), keys: () => undefined })
  expect((await failures({ via })).map((error) => error.code)).toEqual(each('upstream_error'))
  await via.close()
})

test.each([
  ['7', 7_000],
  ['0', 0],
  [new Date(Date.now() + 600_000).toUTCString(), 600_000],
])('how long to wait is kept: %s', async (retryAfter, waitMs) => {
  for (const status of [429, 503]) {
    sim.setFaults({ status, retryAfter })
    for (const { details } of await failures()) {
      expect(details.retryAfterMs).toBeGreaterThan(waitMs - 20_000)
      expect(details.retryAfterMs).toBeLessThanOrEqual(waitMs)
    }
  }
})

test('the request id reaches every provider, once', async () => {
  await Promise.all(DIALECTS.map((dialect) => ask({ dialect, requestId: `req-${dialect}` })))
  expect(DIALECTS.map((dialect) => sim.callsById.get(`req-${dialect}`))).toEqual(each(1))
})

test('a caller who hangs up is heard by every provider', async () => {
  sim.setFaults({ stallAfter: 1 })
  const ends = await Promise.all(
    DIALECTS.map(async (dialect) => {
      const hangUp = new AbortController()
      const onPart = ({ type }: StreamPart) => void (type === 'content' && hangUp.abort())
      return (await ask({ dialect, signal: hangUp.signal, onPart })).end.outcome
    }),
  )
  expect(ends).toEqual(each('aborted'))
  await expect.poll(() => sim.running()).toBe(0)
})

test('usage that nobody told is missing, and usage that is wrong is told as it came', async () => {
  const right = await ask({ dialect: 'openai' })
  for (const stream of [true, false]) {
    for (const dialect of DIALECTS) {
      sim.setFaults({ missingUsage: true })
      const missing = await ask({ dialect, stream })
      expect(missing.end).toMatchObject({ outcome: 'completed', finishReason: 'stop' })
      expect(missing.end.usage).toBeUndefined()
      sim.setFaults({ usageFactor: 10 })
      const wrong = await ask({ dialect, stream })
      expect(wrong.end.usage?.outputText).toBe((right.end.usage?.outputText ?? 0) * 10)
      expect(wrong.end.usage?.inputUncached).toBe((right.end.usage?.inputUncached ?? 0) * 10)
    }
  }
})

type Special = readonly [name: string, special: SpecialAnswer, finishReason: string]

describe.each<Special>([
  ['text', {}, 'stop'],
  ['one call', { toolCalls: 1 }, 'tool_calls'],
  ['parallel calls', { toolCalls: 3 }, 'tool_calls'],
  ['a signed thought and text', { thinkingTokens: 12 }, 'stop'],
  ['a signed thought and calls', { thinkingTokens: 12, toolCalls: 2 }, 'tool_calls'],
  ['cached input', { cachedTokens: 20 }, 'stop'],
])('%s', (_name, special, finishReason) => {
  test('is one answer with one usage, whichever dialect it came in, streamed and whole', async () => {
    sim.setAnswer(special)
    const answers = await Promise.all(
      DIALECTS.flatMap((dialect) => [ask({ dialect }), ask({ dialect, stream: false })]),
    )
    const [first] = answers
    if (!first) throw new Error('There is no answer.')
    for (const { message, end } of answers) {
      expect(message).toEqual(first.message)
      expect(end.usage).toEqual(first.end.usage)
      expect(end).toMatchObject({ outcome: 'completed', finishReason })
    }
    const { toolCalls = 0, thinkingTokens = 0, cachedTokens = 0 } = special
    const { message, end } = first
    expect(end.usage).toMatchObject({ reasoning: thinkingTokens, cacheRead: cachedTokens, cacheWrite: 0 })
    expect(end.usage?.inputUncached).toBeGreaterThan(20)
    expect(end.usage?.outputText).toBeGreaterThan(0)
    expect(message.tool_calls?.length ?? 0).toBe(toolCalls)
    expect(new Set(message.tool_calls?.map(({ id }) => id)).size).toBe(toolCalls)
    for (const call of message.tool_calls ?? []) {
      expect(JSON.parse(call.function.arguments)).toEqual({
        port: expect.any(String),
        hours: expect.any(Number),
        isOpen: expect.any(Boolean),
      })
    }
    expect(message.reasoning_details?.[0]?.signature !== undefined).toBe(thinkingTokens > 0)
  })
})

test('what was written into a cache is told by the dialects that have a word for it', async () => {
  sim.setAnswer({ cachedTokens: 10, writtenTokens: 20 })
  const told = await Promise.all(DIALECTS.map(async (dialect) => (await ask({ dialect })).end.usage))
  expect(told.map((usage) => usage?.cacheWrite)).toEqual([20, 20, 0])
  const inputOf = (usage = NO_USAGE) => usage.inputUncached + usage.cacheRead + usage.cacheWrite
  expect(new Set(told.map(inputOf)).size).toBe(1)
})

test('a refusal is told in every dialect: by its own field, or as filtered content', async () => {
  sim.setAnswer({ isRefused: true })
  const refused = await Promise.all(
    DIALECTS.flatMap((dialect) => [ask({ dialect }), ask({ dialect, stream: false })]),
  )
  const said = refused.map(({ parts }) => parts.map((part) => ('text' in part ? part.text : '')).join(''))
  expect(new Set(said)).toEqual(new Set(['I cannot help with that.']))
  expect(refused.map(({ end }) => end.finishReason)).toEqual([
    'stop',
    'stop',
    'content_filter',
    'content_filter',
    'content_filter',
    'content_filter',
  ])
})

test('a provider of several dialects is spoken to as the endpoint says, else in its usual one', async () => {
  const usual: Provider = { id: 'sim', dialect: 'openai', baseUrl: sim.url, simulated: true }
  const otherBaseUrls = { anthropic: `${sim.origin}/v1`, google: `${sim.origin}/v1beta` }
  const open = (provider: Provider) => createUpstreams({ providers: [provider], keys: () => undefined })
  const vias = [open({ ...usual, otherBaseUrls }), open(usual)]
  sim.setAnswer({ isRefused: true })
  const reasons: unknown[] = []
  for (const via of vias) {
    for (const dialect of [undefined, ...DIALECTS]) {
      const endpoint = { ...endpointAt('openai'), providerId: 'sim', ...(dialect ? { dialect } : {}) }
      const { end } = await ask({ dialect: 'openai', via, endpoint })
      // Told differently by each dialect: by its own field in OpenAI's.
      reasons.push([via.dialectOf(endpoint), end.finishReason])
    }
    await via.close()
  }
  const openai = ['openai', 'stop']
  expect(reasons).toEqual([
    openai,
    openai,
    ['anthropic', 'content_filter'],
    ['google', 'content_filter'],
    ...each(openai),
    openai,
  ])
})
