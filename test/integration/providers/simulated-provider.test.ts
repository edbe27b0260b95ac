import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inputBound } from '../../../src/chat/input-bound.ts'
import { readChatRequest } from '../../../src/chat/read-chat-request.ts'
import {
  type SimulatedProvider,
  startSimulatedProvider,
} from '../../../src/dev/simulated-provider/start-simulated-provider.ts'

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
  const startedMs = performance.now()
  const times: number[] = []
  const stream = await own.chat.completions.create({ ...asked, stream: true, max_tokens: 20 })
  for await (const chunk of stream) {
    if (chunk.choices[0]?.delta.content) times.push(performance.now() - startedMs)
  }
  await paced.close()
  expect(times).toHaveLength(20)
  expect(times[0]).toBeGreaterThan(95)
  expect(times[19]).toBeGreaterThan(285)
  expect(times[19]).toBeLessThan(600)
})
