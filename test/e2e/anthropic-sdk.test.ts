import Anthropic, { APIError, BadRequestError } from '@anthropic-ai/sdk'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { chargeFor, MODEL, type Turnpike } from '../support/chat.ts'
import {
  SCRIPTED_MODEL,
  type ScriptedProvider,
  soldByScriptedProvider,
  startScriptedProvider,
} from '../support/scripted-provider.ts'
import { callTools, THOUGHT } from '../support/scripted-tools.ts'
import { startStack, type Stack } from '../support/start-stack.ts'
import { stockPayer } from '../support/stock-payer.ts'

let stack: Stack
let scripted: ScriptedProvider

beforeAll(async () => {
  scripted = await startScriptedProvider()
  stack = await startStack({ overrides: soldByScriptedProvider(scripted) })
})
afterEach(() => stack.provider.setFaults())
afterAll(async () => {
  await stack.expectCleanBooks()
  await stack.close()
  scripted.close()
})

/** Anthropic's SDK as its users have it, with a `fetch` that pays. */
async function newSdk() {
  const stock = stockPayer({ stack, payer: await stack.newPayer(), scheme: 'batch-settlement' })
  const anthropic = new Anthropic({ apiKey: 'sk-none', baseURL: stack.app.url, fetch: stock.pay })
  return { anthropic, stock }
}

const question = (text: string) => ({
  model: MODEL,
  max_tokens: 120,
  system: 'Be brief.',
  messages: [{ role: 'user' as const, content: text }],
})

const WEATHER: Anthropic.Tool = {
  name: 'weather',
  description: 'The weather of a city.',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
}

const turnpikeOf = (answer: unknown) => (answer as { turnpike: Turnpike }).turnpike

test('the Anthropic SDK creates and streams the same message with the same usage, and is charged for it', async () => {
  const { anthropic, stock } = await newSdk()
  const whole = await anthropic.messages.create(question('What is at the harbour?'))
  const stream = anthropic.messages.stream(question('What is at the harbour?'))
  const deltas: unknown[] = []
  stream.on('streamEvent', (event) => {
    if (event.type === 'message_delta') deltas.push(event)
  })
  const streamed = await stream.finalMessage()
  expect(whole.content).toMatchObject([{ type: 'text', text: expect.stringMatching(/.{50}/s) as string }])
  expect(streamed.content).toEqual(whole.content)
  expect(streamed.stop_reason).toBe(whole.stop_reason)
  const { input_tokens: input, output_tokens: output } = whole.usage
  expect(streamed.usage).toMatchObject({ input_tokens: input, output_tokens: output })
  const charge = chargeFor({ usage: { prompt_tokens: input, completion_tokens: output } }).toString()
  expect(turnpikeOf(whole).charge).toBe(charge)
  expect(turnpikeOf(deltas[0]).charge).toBe(charge)
  expect(whole.usage).toHaveProperty('cost')
  expect(whole._request_id).toBeTruthy()
  expect(stock.statuses()).toEqual([402, 200, 402, 200])
})

test('thoughts and parallel tool calls come streamed as they come whole, and go back with their results', async () => {
  const { anthropic } = await newSdk()
  const { bodies } = callTools(scripted)
  const ask = { ...question('Weather in Oslo and Rome?'), model: SCRIPTED_MODEL, tools: [WEATHER] }
  const whole = await anthropic.messages.create(ask)
  const streamed = await anthropic.messages.stream(ask).finalMessage()
  expect(whole.content).toEqual([
    { type: 'thinking', thinking: THOUGHT.text, signature: THOUGHT.signature },
    { type: 'tool_use', id: 'call_a', name: 'weather', input: { city: 'Oslo' } },
    { type: 'tool_use', id: 'call_b', name: 'weather', input: { city: 'Rome' } },
  ])
  expect(streamed.content).toEqual(whole.content)
  expect([whole.stop_reason, streamed.stop_reason]).toEqual(['tool_use', 'tool_use'])
  const usage = {
    input_tokens: 30,
    cache_read_input_tokens: 60,
    cache_creation_input_tokens: 10,
    output_tokens: 30,
  }
  expect(whole.usage).toMatchObject(usage)
  expect(streamed.usage).toMatchObject(usage)

  await anthropic.messages.create({
    ...ask,
    messages: [
      ...ask.messages,
      { role: 'assistant', content: whole.content },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'call_a', content: 'Snow' },
          { type: 'tool_result', tool_use_id: 'call_b', content: 'No such city', is_error: true },
        ],
      },
    ],
  })
  expect(JSON.parse(bodies.at(-1) ?? '')).toMatchObject({
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user' },
      { role: 'assistant', tool_calls: [{ id: 'call_a' }, { id: 'call_b' }] },
      { role: 'tool', tool_call_id: 'call_a', content: 'Snow' },
      { role: 'tool', tool_call_id: 'call_b', content: 'No such city' },
    ],
  })
  // The scripted upstream is plain OpenAI: it must see no word of ours.
  expect(bodies.at(-1)).not.toMatch(/reasoning_details|is_error/)
})

test('an error before the answer reaches the SDK as its own class, with type and code', async () => {
  const { anthropic, stock } = await newSdk()
  const error: unknown = await anthropic.messages
    .create({ ...question('Which?'), model: 'nobody/nothing' })
    .catch((thrown: unknown) => thrown)
  if (!(error instanceof BadRequestError)) throw new Error('The SDK did not see a bad request.')
  expect(error).toMatchObject({ status: 400, type: 'invalid_request_error' })
  expect(error.error).toMatchObject({
    type: 'error',
    error: { code: 'unknown_model', param: 'model' },
    request_id: error.requestID,
  })
  expect(stock.statuses()).toEqual([400])
})

test('an error in the middle of a stream reaches the SDK as an error event', async () => {
  const { anthropic } = await newSdk()
  stack.provider.setFaults({ errorAfter: 5 })
  const error: unknown = await anthropic.messages
    .stream(question('Broken?'))
    .finalMessage()
    .catch((thrown: unknown) => thrown)
  if (!(error instanceof APIError)) throw new Error('The SDK did not see an API error.')
  expect(error.error).toMatchObject({
    type: 'error',
    error: { type: 'api_error', code: 'upstream_interrupted' },
  })
})

test('tokens are counted before the call, free of charge and never too few', async () => {
  const { anthropic, stock } = await newSdk()
  const { model, system, messages } = question('What is at the harbour?')
  const counted = await anthropic.messages.countTokens({ model, system, messages, tools: [WEATHER] })
  const answer = await anthropic.messages.create({ ...question('What is at the harbour?'), tools: [WEATHER] })
  expect(counted.input_tokens).toBeGreaterThanOrEqual(answer.usage.input_tokens)
  expect(stock.statuses()).toEqual([200, 402, 200])
})

test('a channel that was opened by messages is refunded at their path', async () => {
  const { anthropic, stock } = await newSdk()
  const charge = BigInt(turnpikeOf(await anthropic.messages.create(question('Once?'))).charge)
  const settled = await stock.batch.refund(`${stack.app.url}/v1/messages`)
  expect(settled).toMatchObject({ success: true, amount: (1_000_000n - charge).toString() })
})

test('a probe of the path tells the price, and an unpaid call is answered in the words of x402', async () => {
  // Anthropic's SDK has the query where it speaks of betas.
  const url = `${stack.app.url}/v1/messages?beta=true`
  for (const method of ['GET', 'HEAD']) expect((await fetch(url, { method })).status).toBe(402)
  const unpaid = await fetch(url, { method: 'POST', body: JSON.stringify(question('How much?')) })
  expect(unpaid.status).toBe(402)
  expect(await unpaid.json()).toMatchObject({ x402Version: 1, error: { code: 'payment_required' } })
})
