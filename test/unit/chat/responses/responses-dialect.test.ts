import { expect, test } from 'vitest'
import type { AnswerFacts } from '../../../../src/chat/answer/dialect.ts'
import { RESPONSES_DIALECT } from '../../../../src/chat/responses/responses-dialect.ts'
import { toWireError } from '../../../../src/lib/errors/to-wire.ts'
import { TurnpikeError } from '../../../../src/lib/errors/turnpike-error.ts'
import {
  type Delta,
  eventsOf,
  RICH_MESSAGE,
  richDeltas,
  seeded,
  type WireEvent,
  wholeOf,
} from '../../../support/dialect-answers.ts'

const dialect = RESPONSES_DIALECT
const request = dialect.read({
  body: Buffer.from('{"model":"a/b","stream":true,"temperature":0.5,"input":"Hi"}'),
})
const facts: AnswerFacts = { callId: 'call_abc', receivedAtMs: 1_999, request }
const events = (deltas: readonly Delta[], finishReason = 'stop') =>
  eventsOf({ dialect, facts, deltas, finishReason })
const whole = (message: Delta, finishReason = 'stop') => wholeOf({ dialect, facts, message, finishReason })

type Item = Record<string, unknown>

/** Puts the deltas together as a reader does, item by item, and holds every "done" to them. */
function assemble(all: readonly WireEvent[]): { output: Item[]; response: unknown } {
  const output: Item[] = []
  let told = ''
  for (const [number, event] of all.entries()) {
    expect(event['sequence_number']).toBe(number)
    if (event.type === 'response.output_item.added') {
      expect(event['output_index']).toBe(output.length)
      told = ''
    } else if (event.type.endsWith('.delta')) told += String(event['delta'])
    else if (/(text|refusal|arguments)\.done$/.test(event.type)) {
      expect(event['text'] ?? event['refusal'] ?? event['arguments']).toBe(told)
    } else if (event.type === 'response.output_item.done') output.push(event['item'] as Item)
  }
  return { output, response: all.at(-1)?.['response'] }
}

test('a whole response has every kind of item, the usage in totals, and our words', () => {
  expect(whole(RICH_MESSAGE, 'tool_calls')).toMatchObject({
    id: 'resp_abc',
    object: 'response',
    created_at: 1,
    status: 'completed',
    model: 'up',
    temperature: 0.5,
    store: false,
    output: [
      {
        id: 'rs_abc_0',
        type: 'reasoning',
        summary: [{ type: 'summary_text', text: 'First this, then that.' }],
        encrypted_content: 'signed:c2ln',
      },
      { id: 'rs_abc_1', type: 'reasoning', summary: [], encrypted_content: 'bG9ja2Vk' },
      { id: 'msg_abc_2', type: 'message', content: [{ type: 'output_text', text: RICH_MESSAGE.content }] },
      { id: 'fc_abc_3', type: 'function_call', call_id: 'call_1', name: 'look' },
      { type: 'function_call', call_id: 'call_2', arguments: '{}' },
      { type: 'function_call', call_id: 'call_3', arguments: '{"at":null}' },
    ],
    usage: {
      input_tokens: 10,
      input_tokens_details: { cached_tokens: 3, cache_write_tokens: 2 },
      output_tokens: 11,
      output_tokens_details: { reasoning_tokens: 4 },
      total_tokens: 21,
      cost: 0.00015,
    },
    turnpike: { charge: '150' },
  })
})

test('however the pieces are cut and the parallel calls are mixed, the response is the whole one', () => {
  const expected = whole(RICH_MESSAGE, 'tool_calls')
  for (let seed = 1; seed <= 300; seed += 1) {
    const { output, response } = assemble(events(richDeltas(seeded(seed)), 'tool_calls'))
    expect(response, `seed ${seed}`).toEqual(expected)
    expect(output, `seed ${seed}`).toEqual(expected['output'])
  }
})

test('the events of text, of a refusal, of a thought and of a call stand in OpenAI’s order', () => {
  const tool = { index: 0, id: 'c', function: { name: 'look', arguments: '{}' } }
  const said = [{ reasoning: 'Hm.' }, { content: 'A' }, { refusal: 'No.' }, { tool_calls: [tool] }]
  expect(events(said).map(({ type }) => type.replace('response.', ''))).toEqual([
    'created',
    'in_progress',
    'output_item.added',
    'reasoning_summary_part.added',
    'reasoning_summary_text.delta',
    'reasoning_summary_text.done',
    'reasoning_summary_part.done',
    'output_item.done',
    'output_item.added',
    'content_part.added',
    'output_text.delta',
    'output_text.done',
    'content_part.done',
    'output_item.done',
    'output_item.added',
    'content_part.added',
    'refusal.delta',
    'refusal.done',
    'content_part.done',
    'output_item.done',
    'output_item.added',
    'function_call_arguments.delta',
    'function_call_arguments.done',
    'output_item.done',
    'completed',
  ])
})

test.each([
  ['length', 'max_output_tokens'],
  ['content_filter', 'content_filter'],
])('an answer that ends with %s is incomplete, and so is its last item', (reason, expected) => {
  const all = events([{ content: 'A' }], reason)
  expect(all.at(-1)).toMatchObject({
    type: 'response.incomplete',
    response: {
      status: 'incomplete',
      incomplete_details: { reason: expected },
      output: [{ status: 'incomplete' }],
    },
  })
  expect(assemble(all).response).toEqual(whole({ content: 'A' }, reason))
  expect(assemble(all).output).toEqual(whole({ content: 'A' }, reason)['output'])
})

test('thoughts and calls of an answer are taken back as they were given', () => {
  const output = whole(RICH_MESSAGE, 'tool_calls')['output'] as readonly Item[]
  const input = [{ role: 'user', content: 'Hi' }, ...output]
  const { fields } = dialect.read({ body: Buffer.from(JSON.stringify({ model: 'a/b', input })) })
  const { content, reasoning_details: details, tool_calls: calls } = RICH_MESSAGE
  expect(fields['messages']).toEqual([
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content, reasoning_details: details, tool_calls: calls },
  ])
})

test('a prompt that is too long is an error of input', () => {
  const error = toWireError(new TurnpikeError('context_length_exceeded', { param: 'messages' }))
  expect(dialect.errorBody({ error, requestId: 'r' })).toMatchObject({ error: { param: 'input' } })
})

test('an error inside the stream is a failed response', () => {
  const frame = dialect.openStream(facts).fail(toWireError(new TurnpikeError('upstream_interrupted')))
  expect(frame).toMatch(/event: response\.failed\ndata: \{.*"status":"failed".*"code":"upstream_interrupted"/)
})
