import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { RESPONSES_FIELDS } from '../../../../src/chat/responses/fields.ts'
import { readResponsesRequest } from '../../../../src/chat/responses/read-responses-request.ts'
import { TurnpikeError } from '../../../../src/lib/errors/turnpike-error.ts'

const CANARY = 'canary-in-the-prompt'
const base = { model: 'a/b', input: 'Hi' }

const bytes = (fields: object) => Buffer.from(JSON.stringify(fields))
const read = (fields: object) => readResponsesRequest({ body: bytes({ ...base, ...fields }) })
const messagesOf = (input: unknown) => read({ input }).fields['messages']

function refusal(run: () => unknown): TurnpikeError {
  try {
    run()
  } catch (error) {
    if (error instanceof TurnpikeError) return error
    throw error
  }
  throw new Error('Nothing was refused.')
}

test('a plain request is a chat completion with the same words', () => {
  const asked = { instructions: 'Be brief.', max_output_tokens: 40, stream: true, store: false }
  expect(read(asked)).toMatchObject({
    stream: true,
    includeUsage: true,
    callerOutputCap: 40,
    fields: {
      model: 'a/b',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
      ],
    },
    asked,
  })
})

test('messages of every role and part keep their order', () => {
  const input = [
    { role: 'developer', content: 'Rule' },
    {
      type: 'message',
      role: 'user',
      content: [
        { type: 'input_text', text: 'Look' },
        { type: 'input_image', image_url: 'https://10.0.0.1/x.png', detail: 'low' },
        { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'auto' },
      ],
    },
    {
      type: 'message',
      id: 'msg_1',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: 'Seen', annotations: [] }],
    },
    { role: 'user', content: [{ type: 'input_text', text: 'And?' }] },
  ]
  expect(messagesOf(input)).toEqual([
    { role: 'developer', content: 'Rule' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'Look' },
        { type: 'image_url', image_url: { url: 'https://10.0.0.1/x.png', detail: 'low' } },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
      ],
    },
    { role: 'assistant', content: 'Seen' },
    { role: 'user', content: 'And?' },
  ])
})

const call = (id: string) => ({ type: 'function_call', call_id: id, name: 'look', arguments: '{}' })
const result = (id: string) => ({ type: 'function_call_output', call_id: id, output: `of ${id}` })
const hubCall = (id: string) => ({ id, type: 'function', function: { name: 'look', arguments: '{}' } })
const hubResult = (id: string) => ({ role: 'tool', tool_call_id: id, content: `of ${id}` })

test('thought, words and parallel calls of one turn are one message, and the next turn is another', () => {
  const input = [
    { role: 'user', content: 'Hi' },
    {
      type: 'reasoning',
      id: 'rs_1',
      summary: [{ type: 'summary_text', text: 'Hm.' }],
      encrypted_content: 'signed:sig',
    },
    { role: 'assistant', content: 'I look.' },
    call('a'),
    call('b'),
    result('a'),
    result('b'),
    { type: 'reasoning', summary: [{ type: 'summary_text', text: 'So.' }], encrypted_content: 'locked' },
    call('c'),
    result('c'),
  ]
  expect(messagesOf(input)).toEqual([
    { role: 'user', content: 'Hi' },
    {
      role: 'assistant',
      content: 'I look.',
      tool_calls: [hubCall('a'), hubCall('b')],
      reasoning_details: [{ type: 'reasoning.text', text: 'Hm.', signature: 'sig' }],
    },
    hubResult('a'),
    hubResult('b'),
    {
      role: 'assistant',
      content: null,
      tool_calls: [hubCall('c')],
      reasoning_details: [
        { type: 'reasoning.summary', summary: 'So.' },
        { type: 'reasoning.encrypted', data: 'locked' },
      ],
    },
    hubResult('c'),
  ])
})

const TOOL = { type: 'function', name: 't', description: 'd', parameters: { type: 'object' }, strict: true }
const { type: _, ...inner } = TOOL
const SCHEMA = { name: 's', schema: { type: 'object' }, strict: true }

test.each([
  [{ tools: [TOOL] }, { tools: [{ type: 'function', function: inner }] }],
  [
    { tools: [TOOL], tool_choice: { type: 'function', name: 't' }, parallel_tool_calls: false },
    { tool_choice: { type: 'function', function: { name: 't' } }, parallel_tool_calls: false },
  ],
  [{ tools: [TOOL], tool_choice: 'required' }, { tool_choice: 'required' }],
  [
    { text: { format: { type: 'json_schema', ...SCHEMA }, verbosity: 'low' } },
    { response_format: { type: 'json_schema', json_schema: SCHEMA }, verbosity: 'low' },
  ],
  [{ text: { format: { type: 'json_object' } } }, { response_format: { type: 'json_object' } }],
  [{ reasoning: { effort: 'high', summary: 'auto' } }, { reasoning_effort: 'high' }],
  [
    { temperature: 0.5, top_p: 0.9, metadata: { a: 'b' }, user: 'u', prompt_cache_key: 'k' },
    { temperature: 0.5, top_p: 0.9, metadata: { a: 'b' }, user: 'u', prompt_cache_key: 'k' },
  ],
  [
    { safety_identifier: 's', service_tier: 'default' },
    { safety_identifier: 's', service_tier: 'default' },
  ],
])('%j is said in the words of the chat dialect', (asked, expected) => {
  expect(read(asked).fields).toMatchObject(expected)
})

test('what a stateless server honours by doing nothing reaches no provider', () => {
  const idle = {
    store: false,
    background: false,
    previous_response_id: null,
    truncation: 'disabled',
    include: ['reasoning.encrypted_content'],
    parallel_tool_calls: true,
    stream_options: { include_obfuscation: false },
  }
  expect(Object.keys(read({ ...idle, stream: true }).fields)).toEqual(['model', 'messages', 'stream'])
})

test.each([
  [{ input: undefined }, 'missing_field', 'input'],
  [{ input: [] }, 'invalid_field', 'input'],
  [{ input: [{ type: CANARY }] }, 'invalid_field', 'input[0].type'],
  [{ input: [{ type: 'item_reference', id: 'x' }] }, 'invalid_field', 'input[0].type'],
  [{ input: [{ role: CANARY, content: '' }] }, 'invalid_field', 'input[0].role'],
  [{ input: [{ role: 'user', content: '', txt: CANARY }] }, 'unknown_field', 'input[0].txt'],
  [
    { input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'f' }] }] },
    'invalid_field',
    'input[0].content[0].type',
  ],
  [
    { input: [{ role: 'user', content: [{ type: 'input_image', file_id: 'f' }] }] },
    'invalid_field',
    'input[0].content[0].file_id',
  ],
  [{ store: true }, 'invalid_field', 'store'],
  [{ background: true }, 'invalid_field', 'background'],
  [{ previous_response_id: 'resp_1' }, 'invalid_field', 'previous_response_id'],
  [{ conversation: 'conv_1' }, 'invalid_field', 'conversation'],
  [{ prompt: { id: 'p' } }, 'invalid_field', 'prompt'],
  [{ truncation: 'auto' }, 'invalid_field', 'truncation'],
  [{ include: ['file_search_call.results'] }, 'invalid_field', 'include[0]'],
  [{ tools: [{ type: 'web_search' }] }, 'invalid_field', 'tools[0].type'],
  [{ tool_choice: { type: 'hosted' } }, 'invalid_field', 'tool_choice.type'],
  [{ reasoning: { effort: 'most' } }, 'invalid_field', 'reasoning.effort'],
  [{ text: { format: { type: 'xml' } } }, 'invalid_field', 'text.format.type'],
  [{ max_output_tokens: 0 }, 'invalid_field', 'max_output_tokens'],
  [{ service_tier: 'flex' }, 'invalid_field', 'service_tier'],
  [{ messages: [] }, 'unknown_field', 'messages'],
])('%j is refused with %s, and nothing of the prompt is told', (fields, code, param) => {
  const error = refusal(() => read(fields))
  expect([error.code, error.details.param]).toEqual([code, param])
  expect(error.message).not.toContain(CANARY)
})

test('a missing model comes first, so that a probe is known', () => {
  const error = refusal(() => readResponsesRequest({ body: bytes({ stor: true }) }))
  expect([error.code, error.details.param]).toEqual(['missing_field', 'model'])
})

test('every field of the OpenAI SDK is known', () => {
  const types = readFileSync('node_modules/openai/resources/responses/responses.d.ts', 'utf8')
  const body = /interface ResponseCreateParamsBase \{([\s\S]*?)\n\}/.exec(types)?.[1] ?? ''
  const names = [...body.matchAll(/^ {4}(\w+)\??:/gm)].map((match) => match[1] ?? '')
  expect(names.length).toBeGreaterThan(25)
  expect(names.filter((name) => !RESPONSES_FIELDS.has(name))).toEqual([])
})
