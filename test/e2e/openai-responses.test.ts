import OpenAI, { BadRequestError } from 'openai'
import type { ResponseInputItem, ResponseStreamEvent } from 'openai/resources/responses/responses'
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

async function newSdk() {
  const stock = stockPayer({ stack, payer: await stack.newPayer(), scheme: 'batch-settlement' })
  const openai = new OpenAI({ apiKey: 'sk-none', baseURL: `${stack.app.url}/v1`, fetch: stock.pay })
  return { openai, stock }
}

const question = (input: string) => ({
  model: MODEL,
  max_output_tokens: 120,
  instructions: 'Be brief.',
  store: false,
  input,
})

const WEATHER = {
  type: 'function' as const,
  name: 'weather',
  description: 'The weather of a city.',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  strict: false,
}

const turnpikeOf = (answer: unknown) => (answer as { turnpike: Turnpike }).turnpike

/** Everything of an output but the names, which are of the call. */
const withoutIds = (output: readonly object[]) => output.map((item) => ({ ...item, id: '' }))

test('the OpenAI SDK creates and streams the same response with the same usage, and is charged for it', async () => {
  const { openai, stock } = await newSdk()
  const whole = await openai.responses.create(question('What is at the harbour?'))
  const stream = openai.responses.stream(question('What is at the harbour?'))
  const types = new Set<string>()
  let text = ''
  for await (const event of stream) {
    types.add(event.type)
    if (event.type === 'response.output_text.delta') text += event.delta
  }
  const streamed = await stream.finalResponse()
  expect(whole.output_text.length).toBeGreaterThan(50)
  expect([text, streamed.output_text]).toEqual([whole.output_text, whole.output_text])
  expect([whole.status, streamed.status]).toEqual(['completed', 'completed'])
  expect(streamed.usage).toEqual(whole.usage)
  const { input_tokens: input = 0, output_tokens: output = 0 } = whole.usage ?? {}
  const charge = chargeFor({ usage: { prompt_tokens: input, completion_tokens: output } }).toString()
  expect([turnpikeOf(whole).charge, turnpikeOf(streamed).charge]).toEqual([charge, charge])
  expect(whole.usage).toHaveProperty('cost')
  expect([...types]).toEqual([
    'response.created',
    'response.in_progress',
    'response.output_item.added',
    'response.content_part.added',
    'response.output_text.delta',
    'response.output_text.done',
    'response.content_part.done',
    'response.output_item.done',
    'response.completed',
  ])
  expect(stock.statuses()).toEqual([402, 200, 402, 200])
})

test('thoughts and parallel calls come streamed as they come whole, and go back with their results', async () => {
  const { openai } = await newSdk()
  const { bodies } = callTools(scripted)
  const ask = { ...question('Weather in Oslo and Rome?'), model: SCRIPTED_MODEL, tools: [WEATHER] }
  const whole = await openai.responses.create(ask)
  const streamed = await openai.responses.stream(ask).finalResponse()
  expect(whole.output).toMatchObject([
    { type: 'reasoning', summary: [{ type: 'summary_text', text: THOUGHT.text }] },
    { type: 'function_call', call_id: 'call_a', name: 'weather', arguments: '{"city":"Oslo"}' },
    { type: 'function_call', call_id: 'call_b', name: 'weather', arguments: '{"city":"Rome"}' },
  ])
  // The SDK adds what it parsed of the arguments to each call of a stream.
  expect(withoutIds(streamed.output)).toMatchObject(withoutIds(whole.output))
  expect(streamed.usage).toEqual(whole.usage)
  expect(whole.usage).toMatchObject({
    input_tokens: 100,
    input_tokens_details: { cached_tokens: 60 },
    output_tokens: 30,
    output_tokens_details: { reasoning_tokens: 12 },
    total_tokens: 130,
  })
  await openai.responses.create({
    ...ask,
    input: [
      { role: 'user', content: 'Weather in Oslo and Rome?' },
      ...(streamed.output as ResponseInputItem[]),
      { type: 'function_call_output', call_id: 'call_a', output: 'Snow' },
      { type: 'function_call_output', call_id: 'call_b', output: 'Sun' },
    ],
  })
  expect(JSON.parse(bodies.at(-1) ?? '')).toMatchObject({
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user' },
      { role: 'assistant', tool_calls: [{ id: 'call_a' }, { id: 'call_b' }] },
      { role: 'tool', tool_call_id: 'call_a', content: 'Snow' },
      { role: 'tool', tool_call_id: 'call_b', content: 'Sun' },
    ],
  })
  expect(bodies.at(-1)).not.toContain('reasoning_details')
})

test('an error before the answer reaches the SDK as its own class, and nothing is paid', async () => {
  const { openai, stock } = await newSdk()
  const error: unknown = await openai.responses
    .create({ ...question('More?'), previous_response_id: 'resp_1' })
    .catch((thrown: unknown) => thrown)
  if (!(error instanceof BadRequestError)) throw new Error('The SDK did not see a bad request.')
  expect(error).toMatchObject({ status: 400, code: 'invalid_field', param: 'previous_response_id' })
  expect(stock.statuses()).toEqual([400])
})

test('an error in the middle of a stream is a failed response with what was said so far', async () => {
  const { openai } = await newSdk()
  stack.provider.setFaults({ errorAfter: 5 })
  let last: ResponseStreamEvent | undefined
  const stream = await openai.responses.create({ ...question('Broken?'), stream: true })
  for await (const event of stream) last = event
  expect(last).toMatchObject({
    type: 'response.failed',
    response: {
      status: 'failed',
      error: { code: 'upstream_interrupted' },
      output: [{ type: 'message', status: 'incomplete' }],
    },
  })
})

test('an answer that the cap cuts off is incomplete, streamed as whole', async () => {
  const { openai } = await newSdk()
  const ask = { ...question('A long story?'), max_output_tokens: 16 }
  const whole = await openai.responses.create(ask)
  const streamed = await openai.responses.stream(ask).finalResponse()
  for (const { status, incomplete_details: details } of [whole, streamed]) {
    expect([status, details]).toEqual(['incomplete', { reason: 'max_output_tokens' }])
  }
})

test('a probe of the path tells the price', async () => {
  expect((await fetch(`${stack.app.url}/v1/responses`)).status).toBe(402)
})
