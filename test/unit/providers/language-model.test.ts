import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogle } from '@ai-sdk/google'
import type { LanguageModelV4 } from '@ai-sdk/provider'
import { describe, expect, test } from 'vitest'
import { readUsage } from '../../../src/chat/read-usage.ts'
import type { StreamPart } from '../../../src/chat/types.ts'
import { outputTokens } from '../../../src/chat/usage.ts'
import { dispatchLanguageModel } from '../../../src/providers/language-model/exchange.ts'
import { ANTHROPIC_CASES, ANTHROPIC_ERROR, anthropicStream } from '../../fixtures/dialects/anthropic.ts'
import { GOOGLE_CASES, googleStream } from '../../fixtures/dialects/google.ts'
import { assembleChat } from '../../support/assemble-chat.ts'
import { PATIENT } from '../../support/upstream-clocks.ts'

const CANARY = 'canary-harbour'

type Sent = { url: string; body: Record<string, unknown>; headers: Headers }

/** A network that answers one request with these bytes, in pieces of this size. */
function wire(answer: string, { status = 200, pieceBytes = Infinity, isStream = true, headers = {} } = {}) {
  const sent: Sent[] = []
  const bytes = Buffer.from(answer)
  const size = Math.min(pieceBytes, bytes.length)
  const fetch = async (url: unknown, init: RequestInit = {}) => {
    sent.push({ url: String(url), body: JSON.parse(init.body as string), headers: new Headers(init.headers) })
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
      bytes.subarray(at * size, (at + 1) * size),
    )
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const piece of pieces) controller.enqueue(piece)
        controller.close()
      },
    })
    const type = isStream ? 'text/event-stream' : 'application/json'
    return new Response(body, { status, headers: { 'content-type': type, ...headers } })
  }
  return { fetch: fetch as typeof globalThis.fetch, sent }
}

/** Gemini's calls have no names of their own; the package gives them some. */
const counter = () => {
  let count = 0
  return () => `call-${(count += 1)}`
}

const DIALECTS = {
  anthropic: {
    cases: ANTHROPIC_CASES,
    frame: anthropicStream,
    modelOn: (fetch: typeof globalThis.fetch): LanguageModelV4 =>
      createAnthropic({ apiKey: 'key', baseURL: 'http://provider.test/v1', fetch }).languageModel(
        'claude-sonnet-4-5',
      ),
  },
  google: {
    cases: GOOGLE_CASES,
    frame: googleStream,
    modelOn: (fetch: typeof globalThis.fetch): LanguageModelV4 =>
      createGoogle({
        apiKey: 'key',
        baseURL: 'http://provider.test/v1beta',
        fetch,
        generateId: counter(),
      }).languageModel('gemini-2.5-flash'),
  },
} as const

/** What was written, without the second in which it was. */
const untimed = (parts: readonly StreamPart[]) => parts.map(({ json }) => json.replace(/"created":\d+/, ''))

const bodyOf = (fields: object = {}) =>
  JSON.stringify({ model: 'm', max_tokens: 100, messages: [{ role: 'user', content: CANARY }], ...fields })

async function ask({
  model,
  stream,
  body = bodyOf(),
}: {
  model: LanguageModelV4
  stream: boolean
  body?: string
}) {
  const parts: StreamPart[] = []
  const request = {
    body,
    stream,
    requestId: 'r1',
    signal: new AbortController().signal,
    onPart: (part: StreamPart) => void parts.push(part),
  }
  const end = await dispatchLanguageModel({ model, request, timeouts: PATIENT })
  return { parts, end, message: assembleChat(parts) }
}

describe.each(Object.entries(DIALECTS))('%s', (_name, { cases, frame, modelOn }) => {
  test.each(cases)(
    '$name: streamed, split at every byte, and whole are one answer with one usage',
    async ({ events, whole }) => {
      const streamed = await ask({ model: modelOn(wire(frame(events)).fetch), stream: true })
      const split = await ask({ model: modelOn(wire(frame(events), { pieceBytes: 1 }).fetch), stream: true })
      const asked = await ask({
        model: modelOn(wire(JSON.stringify(whole), { isStream: false }).fetch),
        stream: false,
      })
      expect(streamed.end.outcome).toBe('completed')
      expect(untimed(split.parts)).toEqual(untimed(streamed.parts))
      expect(asked.message).toEqual(streamed.message)
      expect(asked.end.usage).toEqual(streamed.end.usage)
      expect(asked.end.finishReason).toBe(streamed.end.finishReason)
    },
  )

  test('every chunk is a chunk of the chat dialect that its reader takes as it was meant', async () => {
    for (const { events } of cases) {
      const { parts } = await ask({ model: modelOn(wire(frame(events)).fetch), stream: true })
      const last = parts.at(-1)
      expect(last?.type).toBe('usage')
      const read = readUsage(JSON.parse(last?.json ?? '{}').usage)
      expect(read && outputTokens(read)).toBeGreaterThan(0)
      for (const part of parts.slice(0, -1)) expect(JSON.parse(part.json).choices).toHaveLength(1)
    }
  })

  test('a refusal of the provider is told by its status alone', async () => {
    const words = JSON.stringify({
      error: { type: 'invalid_request_error', message: `${CANARY} is too long` },
    })
    const { fetch } = wire(words, { status: 429, isStream: false, headers: { 'retry-after': '7' } })
    const error: unknown = await ask({ model: modelOn(fetch), stream: true }).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ code: 'upstream_rate_limited', details: { retryAfterMs: 7_000 } })
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(CANARY)
  })
})

describe('anthropic', () => {
  const { modelOn } = DIALECTS.anthropic

  test('an error inside the stream before content is thrown, after content it is an interruption', async () => {
    const [text] = ANTHROPIC_CASES
    const [start, ...rest] = text?.events ?? []
    const early = wire(anthropicStream([start ?? {}, ANTHROPIC_ERROR]))
    await expect(ask({ model: modelOn(early.fetch), stream: true })).rejects.toMatchObject({
      code: 'upstream_error',
    })
    const late = wire(anthropicStream([start ?? {}, ...rest.slice(0, 4), ANTHROPIC_ERROR]))
    const { end } = await ask({ model: modelOn(late.fetch), stream: true })
    expect(end.outcome).toBe('interrupted')
  })

  test('a whole conversation reaches the provider: system, images, calls, answers, thoughts, cache marks', async () => {
    const { fetch, sent } = wire(anthropicStream(ANTHROPIC_CASES[0]?.events ?? []))
    const body = bodyOf({
      messages: [
        {
          role: 'system',
          content: [{ type: 'text', text: 'You are a pilot.', cache_control: { type: 'ephemeral' } }],
        },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,aGVsbG8=' } },
            { type: 'image_url', image_url: { url: 'https://images.example/a.png' } },
          ],
        },
        {
          role: 'assistant',
          content: 'Let me look.',
          reasoning_details: [{ type: 'reasoning.text', text: 'Hm.', signature: 'EqoBsig', index: 0 }],
          tool_calls: [
            { id: 'a', type: 'function', function: { name: 'get_tide', arguments: '{"port":"Bergen"}' } },
            { id: 'b', type: 'function', function: { name: 'get_wind', arguments: '{}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'a', content: 'high' },
        { role: 'tool', tool_call_id: 'b', content: 'strong' },
      ],
      tools: [
        { type: 'function', function: { name: 'get_tide', parameters: { type: 'object', properties: {} } } },
      ],
      tool_choice: 'required',
      stop: ['END'],
    })
    await ask({ model: modelOn(fetch), stream: true, body })
    const [request] = sent
    expect(request?.url).toBe('http://provider.test/v1/messages')
    expect(request?.headers.get('x-api-key')).toBe('key')
    expect(request?.body).toMatchObject({
      model: 'claude-sonnet-4-5',
      max_tokens: 100,
      stream: true,
      stop_sequences: ['END'],
      tool_choice: { type: 'any' },
      system: [{ type: 'text', text: 'You are a pilot.', cache_control: { type: 'ephemeral' } }],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aGVsbG8=' } },
            { type: 'image', source: { type: 'url', url: 'https://images.example/a.png' } },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'Hm.', signature: 'EqoBsig' },
            { type: 'text', text: 'Let me look.' },
            { type: 'tool_use', id: 'a', name: 'get_tide', input: { port: 'Bergen' } },
            { type: 'tool_use', id: 'b', name: 'get_wind', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'a', content: 'high' },
            { type: 'tool_result', tool_use_id: 'b', content: 'strong' },
          ],
        },
      ],
    })
  })

  test('cached and written tokens are inside the prompt, in buckets of their own', async () => {
    const cached = ANTHROPIC_CASES.find(({ name }) => name === 'cached')
    const { end } = await ask({
      model: modelOn(wire(anthropicStream(cached?.events ?? [])).fetch),
      stream: true,
    })
    const written = { cacheWrite: 200, cacheWriteHour: 100 }
    expect(end.usage).toMatchObject({ inputUncached: 12, cacheRead: 2_048, ...written, outputText: 4 })
  })
})

test.each([true, false])('the sequence that ended an answer is said, streamed: %s', async (stream) => {
  const { events = [], whole } = ANTHROPIC_CASES.find(({ name }) => name === 'stop sequence') ?? {}
  const answer = stream ? anthropicStream(events) : JSON.stringify(whole)
  const { parts } = await ask({
    model: DIALECTS.anthropic.modelOn(wire(answer, { isStream: stream }).fetch),
    stream,
  })
  const ends = parts.filter(({ type }) => type === 'finish').map(({ json }) => JSON.parse(json).choices[0])
  expect(ends).toMatchObject([{ finish_reason: 'stop', stop_reason: 'three' }])
})

describe('google', () => {
  const { modelOn } = DIALECTS.google

  test('a tool call ends with tool_calls although the provider says STOP, and its seal comes back to it', async () => {
    const tool = GOOGLE_CASES.find(({ name }) => name === 'tool')
    const { end, message } = await ask({
      model: modelOn(wire(googleStream(tool?.events ?? [])).fetch),
      stream: true,
    })
    expect(end.finishReason).toBe('tool_calls')
    const { fetch, sent } = wire(googleStream(tool?.events ?? []))
    const messages = [
      { role: 'user', content: CANARY },
      message,
      { role: 'tool', tool_call_id: message.tool_calls?.[0]?.id, content: 'high' },
    ]
    await ask({ model: modelOn(fetch), stream: true, body: bodyOf({ messages }) })
    expect(sent[0]?.body).toMatchObject({
      contents: [
        { role: 'user' },
        {
          role: 'model',
          parts: [
            { text: 'Let me look.' },
            { functionCall: { name: 'get_tide' }, thoughtSignature: 'sig-1' },
          ],
        },
        { role: 'user', parts: [{ functionResponse: { name: 'get_tide' } }] },
      ],
    })
  })

  test('thoughts are billed as output, in a bucket of their own', async () => {
    const reasoning = GOOGLE_CASES.find(({ name }) => name === 'reasoning')
    const { end } = await ask({
      model: modelOn(wire(googleStream(reasoning?.events ?? [])).fetch),
      stream: true,
    })
    expect(end.usage).toMatchObject({ inputUncached: 25, outputText: 4, reasoning: 6 })
  })
})
