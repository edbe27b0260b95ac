import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { MESSAGES_FIELDS } from '../../../../src/chat/messages/fields.ts'
import { readCountRequest, readMessagesRequest } from '../../../../src/chat/messages/read-messages-request.ts'
import { toUpstreamBody } from '../../../../src/chat/upstream-body.ts'
import { TurnpikeError } from '../../../../src/lib/errors/turnpike-error.ts'

const CANARY = 'canary-in-the-prompt'
const user = { role: 'user', content: 'Hi' }
const base = { model: 'a/b', max_tokens: 2_000, messages: [user] }

const bytes = (fields: object) => Buffer.from(JSON.stringify(fields))
const read = (fields: object) => readMessagesRequest({ body: bytes({ ...base, ...fields }) })
const fieldsOf = (fields: object) => read(fields).fields

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
  expect(read({ system: 'Be brief.', stream: true })).toMatchObject({
    model: 'a/b',
    stream: true,
    includeUsage: true,
    callerOutputCap: 2_000,
    messageCount: 2,
    hasMessageExtensions: false,
    fields: {
      model: 'a/b',
      messages: [{ role: 'system', content: 'Be brief.' }, user],
      max_tokens: 2_000,
      stream: true,
    },
  })
})

const PNG = { type: 'base64', media_type: 'image/png', data: 'AAAA' }
const MARK = { cache_control: { type: 'ephemeral', ttl: '1h' } }

test('text and images of both kinds keep their order and their cache marks', () => {
  const content = [
    { type: 'text', text: 'Look', ...MARK },
    { type: 'image', source: PNG },
    { type: 'image', source: { type: 'url', url: 'https://10.0.0.1/x.png' } },
  ]
  expect(fieldsOf({ messages: [{ role: 'user', content }] })['messages']).toEqual([
    {
      role: 'user',
      content: [
        { type: 'text', text: 'Look', ...MARK },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
        { type: 'image_url', image_url: { url: 'https://10.0.0.1/x.png' } },
      ],
    },
  ])
})

test('thoughts, calls and results go into the hub with their signatures', () => {
  const messages = [
    user,
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'Hm.', signature: 'sig' },
        { type: 'thinking', thinking: 'Unsigned.', signature: '' },
        { type: 'redacted_thinking', data: 'locked' },
        { type: 'text', text: 'I will look.' },
        { type: 'tool_use', id: 't1', name: 'look', input: { at: 1 }, ...MARK },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'And?' },
        {
          type: 'tool_result',
          tool_use_id: 't1',
          is_error: true,
          content: [
            { type: 'text', text: 'Nothing' },
            { type: 'image', source: PNG },
          ],
          ...MARK,
        },
      ],
    },
  ]
  expect(fieldsOf({ messages })['messages']).toEqual([
    user,
    {
      role: 'assistant',
      content: 'I will look.',
      tool_calls: [
        { id: 't1', type: 'function', function: { name: 'look', arguments: '{"at":1}' }, ...MARK },
      ],
      reasoning_details: [
        { type: 'reasoning.text', text: 'Hm.', signature: 'sig' },
        { type: 'reasoning.text', text: 'Unsigned.' },
        { type: 'reasoning.encrypted', data: 'locked' },
      ],
    },
    { role: 'tool', tool_call_id: 't1', content: 'Nothing', is_error: true, ...MARK },
    {
      role: 'user',
      content: [
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
        { type: 'text', text: 'And?' },
      ],
    },
  ])
})

test('an upstream of plain OpenAI dialect sees none of the extensions', () => {
  const request = read({
    top_k: 5,
    thinking: { type: 'enabled', budget_tokens: 1_024 },
    system: [{ type: 'text', text: 'S', ...MARK }],
    tools: [{ name: 't', input_schema: { type: 'object' }, ...MARK }],
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'Hi', ...MARK }] },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Hm.', signature: 'sig' },
          { type: 'tool_use', id: 't1', name: 't', input: {}, ...MARK },
        ],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', is_error: true }] },
    ],
  })
  expect(JSON.parse(toUpstreamBody({ request, upstreamModel: 'up', outputCap: 9 }))).toEqual({
    model: 'up',
    max_tokens: 9,
    reasoning_effort: 'low',
    messages: [
      { role: 'system', content: [{ type: 'text', text: 'S' }] },
      { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 't1', type: 'function', function: { name: 't', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 't1', content: '' },
    ],
    tools: [{ type: 'function', function: { name: 't', parameters: { type: 'object' } } }],
  })
})

test.each([
  [{ type: 'auto' }, { tool_choice: 'auto' }],
  [{ type: 'any' }, { tool_choice: 'required' }],
  [{ type: 'none' }, { tool_choice: 'none' }],
  [
    { type: 'tool', name: 't', disable_parallel_tool_use: true },
    { tool_choice: { type: 'function', function: { name: 't' } }, parallel_tool_calls: false },
  ],
])('tool_choice %j', (choice, expected) => {
  const tools = [{ name: 't', description: 'd', strict: true, input_schema: { type: 'object' } }]
  expect(fieldsOf({ tools, tool_choice: choice })).toMatchObject({
    tools: [
      {
        type: 'function',
        function: { name: 't', description: 'd', strict: true, parameters: { type: 'object' } },
      },
    ],
    ...expected,
  })
})

test.each([
  [{ stop_sequences: ['a', 'b'] }, { stop: ['a', 'b'] }],
  [
    { temperature: 0.5, top_p: 0.9, top_k: 4 },
    { temperature: 0.5, top_p: 0.9, top_k: 4 },
  ],
  [{ metadata: { user_id: 'u' } }, { user: 'u' }],
  [{ service_tier: 'standard_only' }, { service_tier: 'default' }],
  [{ thinking: { type: 'adaptive' } }, { thinking: { type: 'adaptive' } }],
  [{ output_config: { effort: 'max' } }, { reasoning_effort: 'xhigh' }],
  [
    { output_config: { format: { type: 'json_schema', schema: { type: 'object' } } } },
    { response_format: { type: 'json_schema', json_schema: { schema: { type: 'object' }, strict: true } } },
  ],
  [{ context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] } }, {}],
])('the option %j', (asked, expected) => {
  expect(fieldsOf(asked)).toMatchObject(expected)
})

test.each([1_024, 4_097, 16_385])('a budget of %i tokens of thought is an effort', (budget) => {
  const efforts = { 1024: 'low', 4097: 'medium', 16385: 'high' } as Record<number, string>
  const thinking = { type: 'enabled', budget_tokens: budget }
  expect(fieldsOf({ max_tokens: 32_000, thinking })).toMatchObject({
    thinking,
    reasoning_effort: efforts[budget],
  })
})

const inUser = (block: object) => ({ messages: [{ role: 'user', content: [block] }] })

test.each([
  [{ max_tokens: undefined }, 'missing_field', 'max_tokens'],
  [{ max_tokens: -1 }, 'invalid_field', 'max_tokens'],
  [{ messages: undefined }, 'missing_field', 'messages'],
  [{ messages: [] }, 'invalid_field', 'messages'],
  [{ messages: [{ role: CANARY, content: '' }] }, 'invalid_field', 'messages[0].role'],
  [{ messages: [{ role: 'user' }] }, 'missing_field', 'messages[0].content'],
  [{ max_token: 5 }, 'unknown_field', 'max_token'],
  [{ [`${CANARY} as a key`]: 5 }, 'unknown_field', undefined],
  [inUser({ type: CANARY }), 'invalid_field', 'messages[0].content[0].type'],
  [inUser({ type: 'document', source: {} }), 'invalid_field', 'messages[0].content[0].type'],
  [inUser({ type: 'text', text: 'x', txt: CANARY }), 'unknown_field', 'messages[0].content[0].txt'],
  [
    inUser({ type: 'image', source: { type: 'file', file_id: 'f' } }),
    'invalid_field',
    'messages[0].content[0].source.type',
  ],
  [{ tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, 'invalid_field', 'tools[0].type'],
  [{ tools: [{ name: 't' }] }, 'missing_field', 'tools[0].input_schema'],
  [{ tool_choice: { type: 'all' } }, 'invalid_field', 'tool_choice.type'],
  [{ temperature: 1.5 }, 'invalid_field', 'temperature'],
  [{ top_k: 0.5 }, 'invalid_field', 'top_k'],
  [{ thinking: { type: 'enabled', budget_tokens: 2_000 } }, 'invalid_field', 'thinking.budget_tokens'],
  [{ mcp_servers: [{}] }, 'invalid_field', 'mcp_servers'],
  [{ service_tier: 'flex' }, 'invalid_field', 'service_tier'],
  [{ cache_control: { type: 'forever' } }, 'invalid_field', 'cache_control.type'],
  [
    { context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] } },
    'invalid_field',
    'context_management.edits[0]',
  ],
  [{ stream: 'yes' }, 'invalid_field', 'stream'],
])('%j is refused with %s, and nothing of the prompt is told', (fields, code, param) => {
  const error = refusal(() => read(fields))
  expect([error.code, error.details.param]).toEqual([code, param])
  expect(error.message).not.toContain(CANARY)
})

test('a misspelt field is answered with the nearest one of this dialect', () => {
  expect(refusal(() => read({ stop_sequence: ['a'] })).message).toContain('stop_sequences')
})

test('a missing model comes first, so that a probe is known', () => {
  const error = refusal(() => readMessagesRequest({ body: bytes({ max_token: 5 }) }))
  expect([error.code, error.details.param]).toEqual(['missing_field', 'model'])
})

test('a mark on the whole request is carried on its last message', () => {
  expect(fieldsOf(MARK)['messages']).toEqual([{ ...user, ...MARK }])
})

test('counting needs no cap and takes nothing that is about the answer', () => {
  const { model, messages } = base
  expect(readCountRequest({ body: bytes({ model, messages }) }).messageCount).toBe(1)
  expect(refusal(() => readCountRequest({ body: bytes(base) }))).toMatchObject({ code: 'unknown_field' })
})

test('every field of the Anthropic SDK is known', () => {
  const types = readFileSync('node_modules/@anthropic-ai/sdk/resources/messages/messages.d.ts', 'utf8')
  const body = /interface MessageCreateParamsBase \{([\s\S]*?)\n\}/.exec(types)?.[1] ?? ''
  const names = [...body.matchAll(/^ {4}(\w+)\??:/gm)].map((match) => match[1] ?? '')
  expect(names.length).toBeGreaterThan(15)
  expect(names.filter((name) => !MESSAGES_FIELDS.has(name))).toEqual([])
})
