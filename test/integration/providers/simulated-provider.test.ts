import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inputBound } from '../../../src/chat/input-bound.ts'
import { readChatRequest } from '../../../src/chat/read-chat-request.ts'
import {
  type SimulatedProvider,
  startSimulatedProvider,
} from '../../../src/dev/simulated-provider/start-simulated-provider.ts'
import { createSseDecoder, type SseEvent } from '../../../src/lib/sse.ts'

let sim: SimulatedProvider
let client: OpenAI

beforeAll(async () => {
  sim = await startSimulatedProvider({ firstTokenMs: 0, tokensPerSecond: 0, models: ['a/b'] })
  client = new OpenAI({ baseURL: sim.url, apiKey: 'none', maxRetries: 0 })
})
afterAll(() => sim.close())

const asked = { model: 'a/b', messages: [{ role: 'user' as const, content: 'Tell me about rivers.' }] }

test('the OpenAI SDK reads its answers, streamed and whole, and they are the same', async () => {
  const whole = await client.chat.completions.create(asked)
  let text = ''
  let usage: unknown
  const stream = await client.chat.completions.create({
    ...asked,
    stream: true,
    stream_options: { include_usage: true },
  })
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? ''
    usage = chunk.usage ?? usage
  }
  expect(text).toBe(whole.choices[0]?.message.content)
  expect(usage).toEqual(whole.usage)
  expect(whole.usage?.completion_tokens).toBeGreaterThanOrEqual(60)
  expect(whole.usage?.completion_tokens).toBeLessThanOrEqual(160)
})

test('its prompt count stays below the bound in bytes', async () => {
  const whole = await client.chat.completions.create(asked)
  const request = readChatRequest({ body: Buffer.from(JSON.stringify(asked)) })
  expect(whole.usage?.prompt_tokens).toBeLessThanOrEqual(inputBound({ request }).boundTokens)
})

test('usage comes in a stream only where it was asked for', async () => {
  const stream = await client.chat.completions.create({ ...asked, stream: true })
  for await (const chunk of stream) expect(chunk.usage ?? null).toBeNull()
})

test('lists its models, refuses what is no completion and takes a fault by header', async () => {
  expect((await client.models.list()).data.map(({ id }) => id)).toEqual(['a/b'])
  const response = await fetch(`${sim.url}/chat/completions`, { method: 'POST', body: '{' })
  expect(response.status).toBe(400)
  const headers = { 'x-sim-fault': 'status=503' }
  await expect(client.chat.completions.create(asked, { headers })).rejects.toMatchObject({ status: 503 })
})

test('keeps the pace it is told', async () => {
  const paced = await startSimulatedProvider({ firstTokenMs: 100, tokensPerSecond: 100 })
  const own = new OpenAI({ baseURL: paced.url, apiKey: 'none' })
  const lastMs: number[] = []
  // A busy machine may hold one answer up, but not every one.
  while (lastMs.length === 0 || (Math.min(...lastMs) >= 600 && lastMs.length < 5)) {
    const startedMs = performance.now()
    const times: number[] = []
    const stream = await own.chat.completions.create({ ...asked, stream: true, max_tokens: 20 })
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content) times.push(performance.now() - startedMs)
    }
    expect(times).toHaveLength(20)
    expect(times[0]).toBeGreaterThan(95)
    expect(times[19]).toBeGreaterThan(285)
    lastMs.push(times[19] ?? Infinity)
  }
  await paced.close()
  expect(Math.min(...lastMs)).toBeLessThan(600)
})

type Fields = Record<string, unknown>
type Wire = {
  readonly name: string
  readonly path: (stream: boolean) => string
  readonly body: (stream: boolean) => Fields
  /** What one event says, in words that all faces share. */
  readonly said: (event: Fields) => string
  readonly isEnd: (event: SseEvent) => boolean
  readonly wholeText: (answer: Fields) => string
  /** Tokens of input and output, as the last event or the whole answer tells them. */
  readonly usage: (
    events: readonly Fields[],
  ) => readonly [input: number | undefined, output: number | undefined]
  readonly errorType: Readonly<Record<number, unknown>>
  readonly error: (body: Fields) => unknown
  readonly keepAlive: RegExp
}

/** A value deep inside, by names and indexes; undefined where there is none. */
const at = (value: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>(
    (inner, name) => (inner as Record<string | number, unknown> | undefined)?.[name],
    value,
  )
const textAt = (...place: Parameters<typeof at>) => (at(...place) as string | undefined) ?? ''
const countAt = (...place: Parameters<typeof at>) => at(...place) as number | undefined
const QUESTION = 'Tell me about canary rivers.'
const MESSAGES = [{ role: 'user', content: QUESTION }]
const PARAMETERS = { type: 'object', properties: { port: { type: 'string' } } }

const WIRES: readonly Wire[] = [
  {
    name: 'OpenAI',
    path: () => '/v1/chat/completions',
    body: (stream) => ({
      model: 'a/b',
      stream,
      ...(stream ? { stream_options: { include_usage: true } } : {}),
      messages: MESSAGES,
      tools: [{ type: 'function', function: { name: 'tide', parameters: PARAMETERS } }],
    }),
    said: (event) => textAt(event, 'choices', 0, 'delta', 'content'),
    isEnd: ({ data }) => data === '[DONE]',
    wholeText: (answer) => textAt(answer, 'choices', 0, 'message', 'content'),
    usage: (events) => {
      const usage = at(events.at(-1), 'usage')
      return [countAt(usage, 'prompt_tokens'), countAt(usage, 'completion_tokens')]
    },
    error: (body) => at(body, 'error', 'type'),
    errorType: {
      400: 'invalid_request_error',
      429: 'invalid_request_error',
      503: 'api_error',
      529: 'api_error',
    },
    keepAlive: /\n: keep-alive\n\n/,
  },
  {
    name: 'Anthropic',
    path: () => '/v1/messages',
    body: (stream) => ({
      model: 'a/b',
      max_tokens: 4_096,
      stream,
      messages: MESSAGES,
      tools: [{ name: 'tide', input_schema: PARAMETERS }],
    }),
    said: (event) => textAt(event, 'delta', 'text'),
    isEnd: ({ type }) => type === 'message_stop',
    wholeText: (answer) => textAt(answer, 'content', 0, 'text'),
    usage: (events) => {
      const begun = at(events[0], 'message', 'usage') ?? at(events[0], 'usage')
      const ended = at(
        events.findLast(({ usage }) => usage),
        'usage',
      )
      return [countAt(begun, 'input_tokens'), countAt(ended, 'output_tokens')]
    },
    error: (body) => [body['type'], at(body, 'error', 'type')],
    errorType: {
      400: ['error', 'invalid_request_error'],
      429: ['error', 'rate_limit_error'],
      503: ['error', 'api_error'],
      529: ['error', 'overloaded_error'],
    },
    keepAlive: /content_block_delta[^]*\nevent: ping\n/,
  },
  {
    name: 'Gemini',
    path: (stream) => `/v1beta/models/a%2Fb:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    body: () => ({
      contents: [{ role: 'user', parts: [{ text: QUESTION }] }],
      tools: [
        { functionDeclarations: [{ name: 'tide', description: '', parametersJsonSchema: PARAMETERS }] },
      ],
    }),
    said: (event) => textAt(event, 'candidates', 0, 'content', 'parts', 0, 'text'),
    isEnd: ({ data }) => data.includes('"finishReason":"STOP"'),
    wholeText: (answer) => textAt(answer, 'candidates', 0, 'content', 'parts', 0, 'text'),
    usage: (events) => {
      const usage = at(events.at(-1), 'usageMetadata')
      return [countAt(usage, 'promptTokenCount'), countAt(usage, 'candidatesTokenCount')]
    },
    error: (body) => [at(body, 'error', 'code'), at(body, 'error', 'status')],
    errorType: {
      400: [400, 'INVALID_ARGUMENT'],
      429: [429, 'RESOURCE_EXHAUSTED'],
      503: [503, 'UNAVAILABLE'],
      529: [529, 'INTERNAL'],
    },
    keepAlive: /\n: keep-alive\n\n/,
  },
]

const KEYS = { 'x-api-key': 'any', 'x-goog-api-key': 'any' }

function send({ wire, stream, headers = {}, signal }: Asked): Promise<Response> {
  return fetch(`${sim.origin}${wire.path(stream)}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...KEYS, ...headers },
    body: JSON.stringify(wire.body(stream)),
    ...(signal ? { signal } : {}),
  })
}
type Asked = {
  wire: Wire
  stream: boolean
  headers?: Record<string, string>
  signal?: AbortSignal
}

/** What the bytes so far say. */
function readChunks({ wire, chunks }: { wire: Wire; chunks: readonly Uint8Array[] }) {
  const bytes = Buffer.concat(chunks)
  const decoder = createSseDecoder({ maxLineBytes: 100_000 })
  const events = [...decoder.push(bytes), ...decoder.end()]
  const read = events.flatMap(({ data }) => {
    try {
      return [JSON.parse(data) as Fields]
    } catch {
      return []
    }
  })
  return { raw: bytes.toString(), events, read, tokens: read.map(wire.said).filter((text) => text !== '') }
}

/** Until a stream of which nothing more comes is given up, where more is expected. */
const PATIENCE_MS = 20_000

/** A stream as it came, until it ended or broke, said what was waited for, or was silent for a while. */
async function readStream({
  wire,
  until,
  ...asked
}: Omit<Asked, 'stream' | 'signal'> & { until?: RegExp | { silentAfter: number } }) {
  const chunks: Uint8Array[] = []
  let isBroken = false
  const hangUp = new AbortController()
  // Silence is 100 ms after the last word that is expected, however long that one took.
  let silence = setTimeout(() => hangUp.abort(), PATIENCE_MS)
  const listen = () => {
    clearTimeout(silence)
    const isAllSaid =
      until !== undefined &&
      'silentAfter' in until &&
      readChunks({ wire, chunks }).tokens.length >= until.silentAfter
    silence = setTimeout(() => hangUp.abort(), isAllSaid ? 100 : PATIENCE_MS)
  }
  try {
    const response = await send({ wire, stream: true, ...asked, signal: hangUp.signal })
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    listen()
    for await (const chunk of response.body ?? []) {
      chunks.push(chunk)
      listen()
      if (until instanceof RegExp && until.test(Buffer.concat(chunks).toString())) break
    }
  } catch {
    isBroken = true
  } finally {
    clearTimeout(silence)
  }
  const { raw, events, read, tokens } = readChunks({ wire, chunks })
  return {
    isBroken,
    events,
    read,
    raw,
    tokens,
    hasEnd: events.some(wire.isEnd),
    unread: events.length - read.length - (events.at(-1)?.data === '[DONE]' ? 1 : 0),
  }
}

test('all faces say the same text, streamed and whole, and count it alike', async () => {
  const texts = new Set<string>()
  const counts = new Set<string>()
  for (const wire of WIRES) {
    const { tokens, read, hasEnd } = await readStream({ wire })
    const whole = (await (await send({ wire, stream: false })).json()) as Fields
    expect(hasEnd).toBe(true)
    texts.add(tokens.join('')).add(wire.wholeText(whole))
    counts.add(String(wire.usage(read))).add(String(wire.usage([whole])))
    expect(wire.usage(read)[1]).toBe(tokens.length)
  }
  expect([...texts]).toHaveLength(1)
  expect([...counts]).toHaveLength(1)
})

describe.each(WIRES)('$name', (wire) => {
  const faulty = (fault: string) => ({ wire, headers: { 'x-sim-fault': fault } })

  test.each([400, 429, 503, 529])('status=%i with echo is its own error', async (status) => {
    for (const stream of [true, false]) {
      const response = await send({ ...faulty(`status=${status}, retry-after=7, echo`), stream })
      expect(response.status).toBe(status)
      const body = await response.text()
      expect(wire.error(JSON.parse(body))).toEqual(wire.errorType[status])
      expect(body).toContain('canary rivers')
      const info = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '7s' }
      const isGemini = wire.name === 'Gemini'
      expect(response.headers.get('retry-after')).toBe(isGemini ? null : '7')
      expect(at(JSON.parse(body), 'error', 'details')).toEqual(isGemini ? [info] : undefined)
    }
    const quiet = await (await send({ ...faulty(`status=${status}`), stream: false })).text()
    expect(quiet).not.toContain('canary')
  })

  test('what is no request of its dialect is its own 400', async () => {
    const url = `${sim.origin}${wire.path(false)}`
    const response = await fetch(url, { method: 'POST', body: '{}', headers: KEYS })
    expect(response.status).toBe(400)
    expect(wire.error((await response.json()) as Fields)).toEqual(wire.errorType[400])
  })

  test.each([true, false])('hang and slow-headers keep the headers back (streamed: %s)', async (stream) => {
    const signal = AbortSignal.timeout(60)
    await expect(send({ ...faulty('hang'), stream, signal })).rejects.toThrow('timeout')
    const startedMs = performance.now()
    await (await send({ ...faulty('slow-headers=80'), stream })).text()
    expect(performance.now() - startedMs).toBeGreaterThan(75)
  })

  test('stall falls silent, with comments its keep-alives come', async () => {
    for (const after of [0, 3]) {
      const silent = await readStream({ ...faulty(`stall=${after}`), until: { silentAfter: after } })
      expect(silent).toMatchObject({ isBroken: true, hasEnd: false })
      expect(silent.tokens).toHaveLength(after)
    }
    const kept = await readStream({ ...faulty('stall=3, comments=10'), until: wire.keepAlive })
    expect(kept.tokens).toHaveLength(3)
    expect(kept.raw).toMatch(wire.keepAlive)
  })

  test.each([0, 3])('cut, end, error and malformed after %i', async (after) => {
    const cut = await readStream(faulty(`cut=${after}`))
    expect(cut).toMatchObject({ isBroken: true, hasEnd: false })
    expect(cut.tokens).toHaveLength(after)
    const ended = await readStream(faulty(`end=${after}`))
    expect(ended).toMatchObject({ isBroken: false, hasEnd: false, unread: 0 })
    expect(ended.tokens).toHaveLength(after)
    const failed = await readStream(faulty(`error=${after}, error-status=429, echo`))
    expect(failed).toMatchObject({ isBroken: false, hasEnd: false })
    expect(failed.tokens).toHaveLength(after)
    expect(failed.raw).toContain('canary rivers')
    const last = failed.read.at(-1) ?? {}
    if (wire.name === 'OpenAI') expect(at(last, 'error', 'code')).toBe(429)
    else expect(wire.error(last)).toEqual(wire.errorType[429])
    const garbled = await readStream(faulty(`malformed=${after}`))
    expect(garbled).toMatchObject({ isBroken: false, hasEnd: true, unread: 1 })
    expect(garbled.tokens.length).toBeGreaterThan(after)
  })

  test('an answer in one piece is cut as well', async () => {
    await expect(send({ ...faulty('cut=0'), stream: false })).rejects.toThrow('fetch failed')
  })

  test('missing-usage tells no number, usage=3 tells three times as many', async () => {
    for (const stream of [true, false]) {
      const read = async (fault: string) => {
        const response = await send({ ...faulty(fault), stream })
        if (!stream) return wire.usage([(await response.json()) as Fields])
        await response.body?.cancel()
        return wire.usage((await readStream(faulty(fault))).read)
      }
      const [input = 0, output = 0] = await read('')
      expect(await read('usage=3')).toEqual([input * 3, output * 3])
      // Anthropic's dialect has no answer without numbers.
      const nothing = wire.name === 'Anthropic' ? 0 : undefined
      expect(await read('missing-usage')).toEqual([nothing, nothing])
    }
  })

  test('a fault that is not there ends the connection', async () => {
    await expect(send({ ...faulty('explode'), stream: false })).rejects.toThrow('fetch failed')
  })

  test('x-sim-answer adds what is no text, and none of it where nothing was asked for', async () => {
    const special = (value: string) => ({ wire, headers: { 'x-sim-answer': value } })
    const { raw } = await readStream(special('tools=2, thinking=5, cached=3'))
    expect(raw.match(/"name":"tide"/g)).toHaveLength(2)
    expect(raw.match(/"(?:thoughtS|s)ignature":"[A-Za-z0-9+/]{43}="/g)).toHaveLength(1)
    expect(raw).toMatch(/"(?:cached_tokens|cache_read_input_tokens|cachedContentTokenCount)":3/)
    const refused = await send({ ...special('refusal'), stream: false })
    expect(await refused.text()).toContain('I cannot help with that.')
    const plain = await readStream({ wire })
    expect(plain.raw).not.toMatch(/tide|ignature/)
  })
})

test('a face of its own key refuses a request that has none', async () => {
  for (const [index, status] of [
    [0, 200],
    [1, 401],
    [2, 403],
  ] as const) {
    const wire = WIRES[index]
    if (!wire) throw new Error('There is no such face.')
    const body = JSON.stringify(wire.body(false))
    const response = await fetch(`${sim.origin}${wire.path(false)}`, { method: 'POST', body })
    expect(response.status).toBe(status)
  }
})

test('Anthropic’s own SDK reads a stream with thoughts, calls and cached input', async () => {
  const anthropic = new Anthropic({ baseURL: sim.origin, apiKey: 'any', maxRetries: 0 })
  const ask = {
    model: 'a/b',
    max_tokens: 500,
    messages: [{ role: 'user' as const, content: QUESTION }],
    tools: [{ name: 'tide', input_schema: { ...PARAMETERS, type: 'object' as const } }],
  }
  const headers = { 'x-sim-answer': 'tools=2, thinking=5, cached=3, written=2' }
  const streamed = await anthropic.messages.stream(ask, { headers }).finalMessage()
  const whole = await anthropic.messages.create(ask, { headers })
  expect(streamed.content).toEqual(whole.content)
  expect(whole.content.map(({ type }) => type)).toEqual(['thinking', 'tool_use', 'tool_use'])
  expect(whole.stop_reason).toBe('tool_use')
  expect(whole.usage).toMatchObject({ cache_read_input_tokens: 3, cache_creation_input_tokens: 2 })
  expect(streamed.usage).toMatchObject({ output_tokens: whole.usage.output_tokens })
  sim.setFaults({ status: 529, retryAfter: '2' })
  const overloaded: unknown = await anthropic.messages.create(ask).catch((error: unknown) => error)
  sim.setFaults()
  expect(overloaded).toMatchObject({ status: 529, error: { error: { type: 'overloaded_error' } } })
})
