import { expect, test } from 'vitest'
import { createMeter } from '../../../src/call/serve/meter.ts'
import { observeAnswer } from '../../../src/call/watch/observe-answer.ts'
import type { FinishedCall } from '../../../src/call/types.ts'
import { readChatRequest } from '../../../src/chat/read-chat-request.ts'
import { LIMITS } from '../../../src/lib/limits.ts'

const AGE = { type: 'object', properties: { age: { type: 'integer' } }, required: ['age'] }
const JSON_SCHEMA = {
  response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: AGE } },
}
const TOOLS = { tools: [{ type: 'function', function: { name: 'look', parameters: AGE } }] }

type Said = { content?: string; refusal?: string; tool_calls?: readonly object[] }

/** The signals of an answer, told at once or piece by piece. */
function signals({
  said = [{ content: 'Here you are.' }],
  fields = {},
  finishReason = 'stop',
  outcome = 'completed',
}: {
  said?: readonly Said[]
  fields?: object
  finishReason?: string
  outcome?: string
} = {}) {
  const body = { model: 'acme/writer', messages: [{ role: 'user', content: 'Hello' }], ...fields }
  const request = readChatRequest({ body: Buffer.from(JSON.stringify(body)) })
  const meter = createMeter({ request })
  for (const delta of said) {
    const json = JSON.stringify({ choices: [{ index: 0, delta, finish_reason: null }] })
    meter.add({ type: 'content', json, text: 'x' })
  }
  const call = { request, capture: { outcome, finishReason } } as unknown as FinishedCall
  return observeAnswer({ call, delivered: meter.delivered })
}
const tool = (index: number, name: string, args: string) => ({ index, function: { name, arguments: args } })

test('an answer that ends as it should says only that', () => {
  expect(signals()).toEqual(['answered'])
})

test('a whole completion is read like a stream', () => {
  const request = readChatRequest({
    body: Buffer.from(
      JSON.stringify({ model: 'a/b', messages: [{ role: 'user', content: 'x' }], ...JSON_SCHEMA }),
    ),
  })
  const meter = createMeter({ request })
  const json = JSON.stringify({ choices: [{ message: { content: '{"age":3}' }, finish_reason: 'stop' }] })
  meter.add({ type: 'finish', json, reason: 'stop', text: '{"age":3}' })
  const call = { request, capture: { outcome: 'completed', finishReason: 'stop' } } as unknown as FinishedCall
  expect(observeAnswer({ call, delivered: meter.delivered })).toEqual(['answered', 'satisfied'])
})

test('a refusal is known by its mark, by the reason of the end, and less surely by its words', () => {
  expect(signals({ said: [{ refusal: 'No' }, { refusal: ' way' }] })).toEqual(['answered', 'refused'])
  expect(signals({ finishReason: 'content_filter' })).toEqual(['answered', 'refused'])
  for (const content of [
    "I'm sorry, but I can't help with that.",
    'I’m sorry, but I cannot assist with that request.',
    'I cannot provide that.',
    "Sorry, I won't do that.",
    'Unfortunately, I am unable to comply.',
  ])
    expect(signals({ said: [{ content }] })).toEqual(['answered', 'refused_in_words'])
})

test('words that only sound like a refusal are none', () => {
  for (const content of [
    'I can help with that.',
    'Here is a letter: "I cannot help you with this."',
    "I'm sorry to hear that. Try turning it off and on again.",
    `I can't help with that, but ${'here is much that may help. '.repeat(40)}`,
  ])
    expect(signals({ said: [{ content }] })).toEqual(['answered'])
  const content = '{"age":1}'
  expect(signals({ said: [{ content }], fields: JSON_SCHEMA })).not.toContain('refused_in_words')
})

test('an answer is held against the schema that was asked for', () => {
  const at = (content: string) =>
    signals({ said: Array.from(content, (one) => ({ content: one })), fields: JSON_SCHEMA })
  expect(at('{"age":3}')).toEqual(['answered', 'satisfied'])
  expect(at('{"age":"three"}')).toEqual(['answered', 'schema_failed'])
  expect(at('Sure! {"age":3}')).toEqual(['answered', 'schema_failed'])
  expect(
    signals({ said: [{ content: '[1' }], fields: { response_format: { type: 'json_object' } } }),
  ).toContain('schema_failed')
})

test("a tool's arguments are held against its schema, in pieces and side by side", () => {
  const call = (...tool_calls: object[]): Said => ({ tool_calls })
  const at = (...said: Said[]) => signals({ said, fields: TOOLS, finishReason: 'tool_calls' })
  expect(at(call(tool(0, 'look', '{"a')), call(tool(0, '', 'ge":1}')))).toEqual(['answered', 'satisfied'])
  expect(at(call(tool(0, 'look', '{"age":1}'), tool(1, 'look', '{"age":')))).toEqual([
    'answered',
    'tool_failed',
  ])
  expect(at(call(tool(0, 'look', '{}')))).toEqual(['answered', 'tool_failed'])
  expect(at(call(tool(0, 'never-offered', '{"age":1}')))).toEqual(['answered', 'tool_failed'])
})

test('what was cut at the cap is not blamed for its shape as well', () => {
  expect(signals({ said: [{ content: '{"age":' }], fields: JSON_SCHEMA, finishReason: 'length' })).toEqual([
    'answered',
    'length',
  ])
})

test('nothing is said of a call that broke, was left or failed', () => {
  for (const outcome of ['interrupted', 'aborted', 'failed', 'abandoned'])
    expect(signals({ outcome })).toEqual([])
})

test('an answer that is too long to be looked at is judged by its end alone', () => {
  const content = 'x'.repeat(LIMITS.checkedAnswerChars)
  expect(signals({ said: [{ content }], fields: JSON_SCHEMA })).toEqual(['answered'])
})
