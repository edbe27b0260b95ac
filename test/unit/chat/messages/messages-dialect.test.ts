import { expect, test } from 'vitest'
import type { AnswerFacts } from '../../../../src/chat/answer/dialect.ts'
import { anthropicError } from '../../../../src/chat/messages/error-body.ts'
import { MESSAGES_DIALECT } from '../../../../src/chat/messages/messages-dialect.ts'
import { ERRORS } from '../../../../src/lib/errors/registry.ts'
import { toWireError } from '../../../../src/lib/errors/to-wire.ts'
import { TurnpikeError } from '../../../../src/lib/errors/turnpike-error.ts'
import {
  type Delta,
  ENDING,
  eventsOf,
  RICH_MESSAGE,
  richDeltas,
  seeded,
  type WireEvent,
  wholeOf,
} from '../../../support/dialect-answers.ts'

const request = MESSAGES_DIALECT.read({
  body: Buffer.from(
    '{"model":"a/b","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"Hi"}]}',
  ),
})
const facts: AnswerFacts = { callId: 'call_abc', receivedAtMs: 1_000, request }
const dialect = MESSAGES_DIALECT
const events = (deltas: readonly Delta[], finishReason?: string) =>
  eventsOf({ dialect, facts, deltas, ...(finishReason === undefined ? {} : { finishReason }) })
const whole = (message: Delta, finishReason?: string) =>
  wholeOf({ dialect, facts, message, ...(finishReason === undefined ? {} : { finishReason }) })

type Block = Record<string, unknown>

/** Puts the events together as a reader does that keeps to the order: one block open at a time, each with the next index. */
function assemble(all: readonly WireEvent[]): Record<string, unknown> {
  const [start, ...rest] = all
  const message = { ...(start?.['message'] as Record<string, unknown>) }
  const content: Block[] = []
  let open: { block: Block; json: string } | undefined
  for (const event of rest) {
    if (event.type === 'content_block_start') {
      expect(open).toBeUndefined()
      expect(event['index']).toBe(content.length)
      open = { block: { ...(event['content_block'] as Block) }, json: '' }
    } else if (event.type === 'content_block_delta' && open) {
      expect(event['index']).toBe(content.length)
      const { type, ...fields } = event['delta'] as Block
      for (const [name, value] of Object.entries(fields)) {
        if (type === 'input_json_delta') open.json += String(value)
        else open.block[name] = String(open.block[name]) + String(value)
      }
    } else if (event.type === 'content_block_stop' && open) {
      if (open.json !== '') open.block['input'] = JSON.parse(open.json)
      content.push(open.block)
      open = undefined
    } else if (event.type === 'message_delta') {
      Object.assign(message, event['delta'], { usage: event['usage'], turnpike: event['turnpike'] })
    }
  }
  expect(all.at(-1)).toEqual({ type: 'message_stop' })
  expect(open).toBeUndefined()
  return { ...message, content }
}

const RICH_CONTENT = [
  { type: 'thinking', thinking: 'First this, then that.', signature: 'c2ln' },
  { type: 'redacted_thinking', data: 'bG9ja2Vk' },
  { type: 'text', text: RICH_MESSAGE.content, citations: null },
  { type: 'tool_use', id: 'call_1', name: 'look', input: { at: '[}"', n: { a: [1, 2] } } },
  { type: 'tool_use', id: 'call_2', name: 'stop', input: {} },
  { type: 'tool_use', id: 'call_3', name: 'look', input: { at: null } },
]

test('a whole answer has every kind of block, the usage in disjoint buckets, and our words', () => {
  expect(whole(RICH_MESSAGE, 'tool_calls')).toEqual({
    id: 'msg_abc',
    type: 'message',
    role: 'assistant',
    model: 'up',
    content: RICH_CONTENT,
    stop_reason: 'tool_use',
    stop_sequence: null,
    usage: {
      input_tokens: 5,
      cache_read_input_tokens: 3,
      cache_creation_input_tokens: 2,
      cache_creation: { ephemeral_5m_input_tokens: 2, ephemeral_1h_input_tokens: 0 },
      output_tokens: 11,
      cost: 0.00015,
    },
    turnpike: { charge: '150' },
  })
})

test('however the pieces are cut and the parallel calls are mixed, the message is the whole one', () => {
  const expected = whole(RICH_MESSAGE, 'tool_calls')
  for (let seed = 1; seed <= 300; seed += 1) {
    expect(assemble(events(richDeltas(seeded(seed)), 'tool_calls')), `seed ${seed}`).toEqual(expected)
  }
})

test('the events of an answer of text stand in Anthropic’s order', () => {
  expect(events([{ role: 'assistant', content: '' }, { content: 'A' }, { content: 'B' }])).toMatchObject([
    { type: 'message_start', message: { id: 'msg_abc', content: [], usage: { output_tokens: 0 } } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'A' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'B' } },
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn' },
      usage: { input_tokens: 5, cost: 0.00015 },
      turnpike: { charge: '150' },
    },
    { type: 'message_stop' },
  ])
})

test.each([
  ['stop', { content: 'x' }, 'end_turn'],
  ['length', { content: 'x' }, 'max_tokens'],
  ['content_filter', { refusal: 'No.' }, 'refusal'],
  ['tool_calls', { tool_calls: RICH_MESSAGE.tool_calls }, 'tool_use'],
  // Gemini's word for an answer that calls tools.
  ['stop', { tool_calls: RICH_MESSAGE.tool_calls }, 'tool_use'],
  ['length', { tool_calls: RICH_MESSAGE.tool_calls }, 'max_tokens'],
])('finish_reason %s of %j is stop_reason %s, streamed as whole', (reason, said, expected) => {
  expect(whole(said, reason)['stop_reason']).toBe(expected)
  expect(assemble(events([said], reason))['stop_reason']).toBe(expected)
})

test.each([
  ['stop', {}, { stop_reason: 'stop_sequence', stop_sequence: 'three' }],
  ['length', {}, { stop_reason: 'max_tokens', stop_sequence: null }],
  // vLLM names the token that ended the answer by its number: no sequence of the caller's.
  ['stop', { stop_reason: 151_645 }, { stop_reason: 'end_turn', stop_sequence: null }],
])('an answer that %s ends with a sequence (%j) says which', (finish_reason, said, expected) => {
  const choice = { index: 0, delta: { content: 'x' }, finish_reason, stop_reason: 'three', ...said }
  const json = JSON.stringify({ model: 'up', choices: [choice] })
  expect(JSON.parse(dialect.writeWhole({ json, facts, ending: ENDING }))).toMatchObject(expected)
})

test('a second thought after a signed one is a block of its own', () => {
  const said = {
    reasoning_details: [
      { type: 'reasoning.text', text: 'One.', signature: 'a' },
      { type: 'reasoning.text', text: 'Two.', signature: 'b' },
    ],
  }
  const expected = [
    { type: 'thinking', thinking: 'One.', signature: 'a' },
    { type: 'thinking', thinking: 'Two.', signature: 'b' },
  ]
  expect(whole(said)['content']).toEqual(expected)
  expect(assemble(events([said]))['content']).toEqual(expected)
})

test.each(['reasoning', 'reasoning_content'])(
  'the thoughts that a provider calls %s are a block without a signature',
  (name) => {
    const expected = [
      { type: 'thinking', thinking: 'Hm.', signature: '' },
      { type: 'text', text: 'So.', citations: null },
    ]
    expect(whole({ [name]: 'Hm.', content: 'So.' })['content']).toEqual(expected)
    expect(assemble(events([{ [name]: 'H' }, { [name]: 'm.' }, { content: 'So.' }]))['content']).toEqual(
      expected,
    )
  },
)

test('thoughts and calls of an answer are taken back as they were given', () => {
  const content = whole(RICH_MESSAGE, 'tool_calls')['content'] as readonly Block[]
  // The SDK's own type of a text block has citations, which a request may repeat.
  const messages = [
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content },
  ]
  const body = Buffer.from(JSON.stringify({ model: 'a/b', max_tokens: 9, messages }))
  const { content: text, reasoning_details: details, tool_calls: calls } = RICH_MESSAGE
  const list = dialect.read({ body }).fields['messages'] as readonly unknown[]
  expect(list[1]).toEqual({ role: 'assistant', content: text, reasoning_details: details, tool_calls: calls })
})

test('a call that the cap cut off has no input rather than a broken one', () => {
  const tool = { id: 'c', function: { name: 'look', arguments: '{"at":' } }
  expect(whole({ tool_calls: [tool] }, 'length')).toMatchObject({
    content: [{ type: 'tool_use', input: {} }],
    stop_reason: 'max_tokens',
  })
})

const ANTHROPIC_TYPES = new Set([
  'invalid_request_error',
  'authentication_error',
  'billing_error',
  'permission_error',
  'not_found_error',
  'request_too_large',
  'rate_limit_error',
  'timeout_error',
  'api_error',
  'overloaded_error',
])

test('every error of the house has a type that Anthropic knows, and keeps its code', () => {
  for (const code of Object.keys(ERRORS) as (keyof typeof ERRORS)[]) {
    const error = toWireError(new TurnpikeError(code))
    const body = anthropicError({ error, requestId: 'r' }) as { error: { type: string } }
    expect(body).toMatchObject({ type: 'error', error: { code }, request_id: 'r' })
    expect(ANTHROPIC_TYPES.has(body.error.type), `${code}: ${body.error.type}`).toBe(true)
  }
})

test('an error inside the stream is Anthropic’s error event', () => {
  const frame = dialect.openStream(facts).fail(toWireError(new TurnpikeError('upstream_interrupted')))
  expect(frame).toMatch(/^event: error\ndata: \{"type":"error","error":\{.*"type":"api_error"/)
})
