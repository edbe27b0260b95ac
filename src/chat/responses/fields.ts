import {
  ANYTHING,
  among,
  FLAG,
  leftToProvider,
  listOf,
  namesOf,
  OBJECT,
  objectOf,
  refused,
  type Schema,
  type Schemas,
  TEXT,
  told,
} from '../schema.ts'
import { ROUTING_SCHEMAS } from '../routing/fields.ts'
import { CAP_FIELD, MODEL_FIELD, USUAL_TIERS } from '../shared-fields.ts'
import { ITEM } from './item-fields.ts'

/** Fields that are known and cannot be honoured, and why. */
export const REFUSED_FIELDS: Readonly<Record<string, string>> = {
  access_programs: 'is not sold here.',
  background: 'is not possible here: nothing is stored, so an answer can only be given at once.',
  context_management: 'is not done here: shorten the input yourself.',
  conversation: 'is not possible here: nothing is stored. Send the whole conversation in input.',
  image: 'is not sold here: only text output is.',
  max_tool_calls: 'is about tools that a vendor runs, and those are not sold here.',
  moderation: 'is not sold here.',
  previous_response_id:
    'is not possible here: nothing is stored. Send the earlier items in input, with store: false.',
  prompt: 'is not possible here: prompts are stored at one vendor only. Send the text itself.',
}

/** These of them are refused only where they ask for something. */
export const REFUSED_IF_TRUE: ReadonlySet<string> = new Set(['background'])

/** What can be added to an answer here is in it anyway. */
export const INCLUDABLE = ['reasoning.encrypted_content'] as const

export const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'] as const
export const SUMMARIES = ['auto', 'concise', 'detailed'] as const
const REASONING_SCHEMAS = {
  effort: among(EFFORTS),
  summary: among(SUMMARIES),
  generate_summary: among(SUMMARIES),
} as const satisfies Schemas
export const REASONING_FIELDS = namesOf(REASONING_SCHEMAS)

const STREAM_SCHEMAS = { include_obfuscation: FLAG } as const satisfies Schemas
export const STREAM_FIELDS = namesOf(STREAM_SCHEMAS)

const FORMAT_SCHEMAS = {
  type: among(['text', 'json_object', 'json_schema']),
  name: ANYTHING,
  schema: ANYTHING,
  description: ANYTHING,
  strict: ANYTHING,
} as const satisfies Schemas
export const FORMAT_FIELDS = namesOf(FORMAT_SCHEMAS)
const FORMAT: Schema = {
  anyOf: [
    objectOf({ fields: { ...FORMAT_SCHEMAS, type: among(['text', 'json_object']) }, required: ['type'] }),
    objectOf({
      fields: { ...FORMAT_SCHEMAS, type: { const: 'json_schema' }, name: TEXT, schema: OBJECT },
      required: ['type', 'name', 'schema'],
    }),
  ],
}

export const VERBOSITIES = ['low', 'medium', 'high'] as const
const TEXT_SCHEMAS = { format: FORMAT, verbosity: among(VERBOSITIES) } as const satisfies Schemas
export const TEXT_FIELDS = namesOf(TEXT_SCHEMAS)

const TOOL_SCHEMAS = {
  type: { const: 'function' },
  name: TEXT,
  description: TEXT,
  parameters: OBJECT,
  strict: FLAG,
} as const satisfies Schemas
export const TOOL_FIELDS = namesOf(TOOL_SCHEMAS)

export const CHOICES = ['none', 'auto', 'required'] as const
const CHOICE_SCHEMAS = { type: { const: 'function' }, name: TEXT } as const satisfies Schemas
export const CHOICE_FIELDS = namesOf(CHOICE_SCHEMAS)

const NOT_STORED = 'Nothing is stored here.'

/** Fields of OpenAI's published responses request that can be honoured. */
const HONOURED = {
  model: MODEL_FIELD,
  input: told('The whole conversation: nothing is stored here.', {
    anyOf: [TEXT, listOf(ITEM, { minItems: 1 })],
  }),
  include: listOf(among(INCLUDABLE)),
  instructions: TEXT,
  max_output_tokens: CAP_FIELD,
  metadata: leftToProvider(OBJECT),
  parallel_tool_calls: leftToProvider(FLAG),
  prompt_cache_key: leftToProvider(TEXT),
  prompt_cache_options: leftToProvider(OBJECT),
  prompt_cache_retention: leftToProvider(TEXT),
  reasoning: objectOf({ fields: REASONING_SCHEMAS }),
  safety_identifier: leftToProvider(TEXT),
  service_tier: told('Other tiers have other prices.', among(USUAL_TIERS)),
  store: told(NOT_STORED, among([false])),
  stream: told('Whether the answer comes as server-sent events.', FLAG),
  stream_options: objectOf({ fields: STREAM_SCHEMAS }),
  temperature: { type: 'number', minimum: 0, maximum: 2 },
  text: objectOf({ fields: TEXT_SCHEMAS }),
  tool_choice: {
    anyOf: [among(CHOICES), objectOf({ fields: CHOICE_SCHEMAS, required: ['type', 'name'] })],
  },
  tools: listOf(objectOf({ fields: TOOL_SCHEMAS, required: ['type', 'name'] })),
  top_logprobs: told('Known at /v1/chat/completions only.', among([0])),
  top_p: { type: 'number', minimum: 0, maximum: 1 },
  truncation: told('Nothing is cut off here.', among(['disabled'])),
  user: leftToProvider(TEXT),
  ...ROUTING_SCHEMAS,
} as const satisfies Schemas

const refusedSchemas = (): Schemas =>
  Object.fromEntries(
    Object.entries(refused(REFUSED_FIELDS)).map(([name, { description = '', ...schema }]) => [
      name,
      told(description, REFUSED_IF_TRUE.has(name) ? among([false]) : schema),
    ]),
  )

/** The table of the responses dialect. The validator takes names, ranges and words from it, and so do the documents. */
export const RESPONSES_SCHEMAS: Schemas = { ...HONOURED, ...refusedSchemas() }

export const RESPONSES_FIELDS = namesOf(RESPONSES_SCHEMAS)

export const RESPONSES_BODY = objectOf({ fields: RESPONSES_SCHEMAS, required: ['model', 'input'] })

/** Fields that both dialects of OpenAI share, by name and meaning. */
export const SHARED_FIELDS = [
  'metadata',
  'parallel_tool_calls',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'safety_identifier',
  'service_tier',
  'temperature',
  'top_p',
  'user',
] as const satisfies readonly (keyof typeof HONOURED)[]
