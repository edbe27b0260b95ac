import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inputBound } from '../../../src/chat/input-bound.ts'
import { readChatRequest } from '../../../src/chat/read-chat-request.ts'
import {
  type SimulatedProvider,
  startSimulatedProvider,
} from '../../../src/dev/simulated-provider/start-simulated-provider.ts'
import { PARAMETERS, QUESTION } from './wires.ts'

/** What the vendors' own SDKs read of the simulated provider. */
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
