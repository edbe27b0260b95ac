import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { CHAT_FIELDS } from '../../../src/chat/fields.ts'
import type { Dialect } from '../../../src/chat/answer/dialect.ts'
import { CHAT_DIALECT } from '../../../src/chat/answer/chat-dialect.ts'
import { EMBEDDINGS_DIALECT } from '../../../src/chat/embeddings/embeddings-dialect.ts'
import { EMBEDDINGS_FIELDS } from '../../../src/chat/embeddings/fields.ts'
import { COUNT_BODY, COUNT_FIELDS, MESSAGES_FIELDS } from '../../../src/chat/messages/fields.ts'
import { MESSAGES_DIALECT } from '../../../src/chat/messages/messages-dialect.ts'
import { readCountRequest } from '../../../src/chat/messages/read-messages-request.ts'
import { RESPONSES_FIELDS } from '../../../src/chat/responses/fields.ts'
import { RESPONSES_DIALECT } from '../../../src/chat/responses/responses-dialect.ts'
import { TurnpikeError } from '../../../src/lib/errors/turnpike-error.ts'

const { max_tokens: _cap, ...COUNT_EXAMPLE } = MESSAGES_DIALECT.example

type Table = Pick<Dialect, 'read' | 'body' | 'example' | 'capField'> & {
  readonly name: string
  readonly known: ReadonlySet<string>
}

const TABLES: readonly Table[] = [
  { name: 'chat', ...CHAT_DIALECT, known: CHAT_FIELDS },
  { name: 'messages', ...MESSAGES_DIALECT, known: MESSAGES_FIELDS },
  { name: 'count', read: readCountRequest, body: COUNT_BODY, example: COUNT_EXAMPLE, known: COUNT_FIELDS },
  { name: 'responses', ...RESPONSES_DIALECT, known: RESPONSES_FIELDS },
  { name: 'embeddings', ...EMBEDDINGS_DIALECT, known: EMBEDDINGS_FIELDS },
]

const ajv = new Ajv2020({ strict: false })

/** The refusal of a body, or undefined where it is taken. */
function refusalOf({ read }: Pick<Table, 'read'>, body: object): TurnpikeError | undefined {
  try {
    read({ body: Buffer.from(JSON.stringify(body)) })
    return undefined
  } catch (error) {
    if (error instanceof TurnpikeError) return error
    throw error
  }
}

const TOOL = { type: 'function', name: 'look', function: { name: 'look' } }
const image = (source: object) => [{ role: 'user', content: [{ type: 'image', source }] }]
const said = (content: unknown, role = 'user') => [{ role, content }]

/** What callers send for a field, rightly or wrongly: each is put into each field of each dialect. */
const VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  1,
  2,
  3,
  -1,
  -2,
  -3,
  0.5,
  1.5,
  16,
  17,
  20,
  21,
  1e9,
  2 ** 53,
  '',
  'x',
  'auto',
  'default',
  'standard_only',
  'none',
  'required',
  'disabled',
  'float',
  'base64',
  'flex',
  'a b',
  'ü',

  [],
  [1],
  [-1],
  [1.5],
  ['x'],
  [''],
  ['text'],
  ['audio'],
  [null],
  [[1, 2], [3]],
  [[]],
  [{}],
  [{ text: 'a' }],
  Array.from({ length: 501 }, () => TOOL),
  Array.from({ length: 2_049 }, () => 'x'),
  {},
  { x: 1 },
  { type: 'auto' },
  { type: 'x' },
  { type: 'tool' },
  { type: 'tool', name: 'x' },

  { type: 'any', disable_parallel_tool_use: 3 },
  { type: 'none', disable_parallel_tool_use: true },
  { type: 'function', name: 'x' },
  { type: 'function', function: { name: 'x' } },
  { type: 'function' },
  { type: 'ephemeral' },
  { type: 'ephemeral', ttl: '1h' },
  { type: 'ephemeral', ttl: '2h' },

  { type: 'enabled' },
  { type: 'enabled', budget_tokens: 10 },
  { type: 'disabled' },
  { type: 'adaptive' },

  { type: 'adaptive', display: 'omitted' },
  { type: 'adaptive', display: 'x' },
  { type: 'adaptive', x: 1 },
  { effort: 'low' },
  { effort: 'max' },
  { effort: 'minimal' },
  { effort: 'x' },
  { effort: null },
  { summary: 'auto' },
  { summary: 'x' },
  { generate_summary: 'concise' },
  { verbosity: 'low' },
  { verbosity: 'x' },
  { format: { type: 'text' } },
  { format: { type: 'json_schema' } },

  { format: { type: 'json_schema', schema: {} } },
  { format: { type: 'json_schema', name: 'a', schema: {} } },
  { format: { type: 'json_object' } },
  { format: null },
  { format: {} },
  { include_usage: true },
  { include_usage: 'x' },
  { include_obfuscation: true },
  { include_obfuscation: 1 },
  { user_id: 'x' },

  { user_id: 7 },
  { user_id: null },
  { edits: [] },
  { edits: [{ type: 'x' }] },
  { edits: null },
  { edits: 3 },
  { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
  [TOOL],
  [{ type: 'custom' }],
  [{ type: 'web_search' }],
  [{ name: 'x', input_schema: {} }],
  [{ name: 'x' }],
  [{ type: 'custom', name: 'x', input_schema: {}, strict: true, description: null }],
  [{ name: 'x', input_schema: {}, strict: 'yes' }],
  [{ name: 'x', input_schema: {}, other: 1 }],
  [{ type: 'function', name: 'x' }],
  [{ type: 'function', name: 'x', parameters: null, strict: false }],
  [{ type: 'function', name: 'x', parameters: [] }],
  [{ type: 'function', name: 7 }],
  ['reasoning.encrypted_content'],
  ['message.output_text.logprobs'],

  said('hi'),
  said('hi', 'assistant'),
  said('hi', 'system'),
  said('hi', 'developer'),
  said('hi', 'robot'),

  said(null),
  said(7),
  said([]),
  said(['x']),
  said([{ type: 'text', text: 'a' }]),
  said([{ type: 'text' }]),
  said([{ type: 'image_url' }]),
  said([{ type: 'file' }]),
  said([{ type: 'input_text', text: 'a' }]),

  said([{ type: 'output_text', text: 'a' }], 'assistant'),
  said([{ type: 'refusal', refusal: 'a' }], 'assistant'),

  said([{ type: 'input_image', image_url: 'u' }]),
  said([{ type: 'input_image', image_url: 'u', detail: 'x' }]),
  said([{ type: 'input_image', image_url: 'u', file_id: 'f' }]),
  said([{ type: 'input_image' }]),

  [{ role: 'user' }],
  [{ role: 'system' }],
  [{ content: 'a' }],
  [{ role: 'user', content: 'a', extra: 1 }],
  [{ role: 'assistant', content: 'a', reasoning: 7 }],
  [{ role: 'assistant', reasoning_details: [{}] }],
  [{ type: 'message', role: 'user', content: 'a' }],
  [{ type: null, role: 'user', content: 'a' }],
  [{ type: 'function_call', call_id: 'c', name: 'n', arguments: '{}' }],
  [{ type: 'function_call' }],

  [{ type: 'function_call_output', call_id: 'c', output: 'x' }],
  [{ type: 'function_call_output', call_id: 'c' }],

  [{ type: 'reasoning', summary: [{ type: 'summary_text', text: 'a' }] }],
  [{ type: 'reasoning', summary: [{}] }],
  [{ type: 'reasoning', encrypted_content: null }],
  [{ type: 'item_reference', id: 'x' }],
  image({ type: 'url', url: 'u' }),
  image({ type: 'base64', media_type: 'image/png', data: '' }),

  image({ type: 'base64', media_type: 'image/bmp', data: '' }),
  image({ type: 'file' }),
  image({ type: 'url' }),
  said([
    {
      type: 'tool_result',
      tool_use_id: 't',
      content: [{ type: 'image', source: { type: 'url', url: 'u' } }],
    },
  ]),
  said([{ type: 'tool_result', tool_use_id: 't', content: 'x', is_error: true }]),
  said([{ type: 'tool_result', tool_use_id: 't', content: [{ type: 'thinking', thinking: '' }] }]),
  said([{ type: 'tool_result' }]),
  said([{ type: 'document' }]),
  said([{ type: 'tool_use', id: 't', name: 'n', input: {} }], 'assistant'),
  said([{ type: 'tool_use', id: 't', name: 'n', input: 'x' }], 'assistant'),
  said([{ type: 'thinking', thinking: 'hm', signature: null }], 'assistant'),
  said([{ type: 'thinking' }], 'assistant'),
  said([{ type: 'redacted_thinking', data: 'x' }], 'assistant'),
  said([{ type: 'text', text: 'a', cache_control: { type: 'ephemeral' }, citations: null }], 'assistant'),
  said([{ type: 'text', text: 'a', cache_control: { type: 'x' } }]),
]

/** Two fields that contradict each other are no matter of one field's table. */
const BESIDE: Readonly<Record<string, object>> = { stream_options: { stream: true } }

test.each(TABLES)(
  'every field that the table of $name documents is known, and every known one is documented',
  (table) => {
    const documented = Object.keys(table.body.properties ?? {})
    expect(new Set(documented)).toEqual(table.known)
    for (const name of documented) {
      const refusal = refusalOf(table, { ...table.example, [name]: 'x' })
      expect(refusal?.code, name).not.toBe('unknown_field')
    }
    expect(refusalOf(table, { ...table.example, undocumented: 1 })?.code).toBe('unknown_field')
  },
)

test.each(TABLES)('the example of $name is taken, and without a required field it is not', (table) => {
  const isValid = ajv.compile(table.body)
  expect({ refusal: refusalOf(table, table.example), isValid: isValid(table.example) }).toEqual({
    isValid: true,
  })
  for (const name of table.body.required ?? []) {
    const body = { ...table.example, [name]: undefined }
    expect(refusalOf(table, body)?.details.param).toBe(name)
    expect(isValid(JSON.parse(JSON.stringify(body)))).toBe(false)
  }
})

test.each(TABLES)(
  '$name: what its schema allows is taken, and what its schema forbids is refused',
  (table) => {
    const isValid = ajv.compile(table.body)
    const odd: unknown[] = []
    let taken = 0
    let refused = 0
    for (const [name, schema] of Object.entries(table.body.properties ?? {})) {
      for (const value of VALUES) {
        const body = { ...table.example, ...BESIDE[name], [name]: value }
        // Two caps of one call must be the same one.
        if (name !== table.capField && /^max_.*tokens$/.test(name))
          Reflect.deleteProperty(body, table.capField ?? '')
        const isAllowed = isValid(body)
        const refusal = refusalOf(table, body)
        if (refusal) refused += 1
        else taken += 1
        const isLoose = schema['x-checked-by'] === 'provider'
        if (isAllowed ? refusal !== undefined : refusal === undefined && !isLoose) {
          odd.push({ name, value: JSON.stringify(value).slice(0, 200), isAllowed, refusal: refusal?.message })
        }
      }
    }
    expect(odd).toEqual([])
    expect(taken).toBeGreaterThan(50)
    expect(refused).toBeGreaterThan(100)
  },
)
