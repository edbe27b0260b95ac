import {
  ANYTHING,
  among,
  FLAG,
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
import { CAP_FIELD, MODEL_FIELD } from '../shared-fields.ts'
import { CACHE_CONTROL, CONTENT } from './block-fields.ts'

/** Fields that are known and cannot be honoured, and why. They are refused by name, since a field is never dropped in silence. */
export const REFUSED_FIELDS: Readonly<Record<string, string>> = {
  container: 'is not sold here: containers run at one vendor only.',
  diagnostics: 'is not sold here.',
  fallbacks: 'is not known here: name other models with the chat completions dialect.',
  inference_geo: 'is not sold here: it would have another price.',
  mcp_servers: 'is not sold here: connect to MCP servers yourself and send their tools.',
  speed: 'is not sold here: it would have another price.',
  user_profile_id: 'is not sold here.',
  workspace_id: 'is not known here: there are no workspaces.',
}

export const MESSAGE_FIELDS = { role: TEXT, content: ANYTHING } as const satisfies Schemas

const messageOf = (role: keyof typeof CONTENT): Schema =>
  objectOf({
    fields: { ...MESSAGE_FIELDS, role: { const: role }, content: CONTENT[role] },
    required: ['role', 'content'],
  })

const TOOL_SCHEMAS = {
  type: among(['custom']),
  name: TEXT,
  description: TEXT,
  input_schema: OBJECT,
  cache_control: CACHE_CONTROL,
  strict: FLAG,
  eager_input_streaming: ANYTHING,
} as const satisfies Schemas

export const TOOL_FIELDS = namesOf(TOOL_SCHEMAS)

export const CHOICE_KINDS = ['auto', 'any', 'none', 'tool'] as const
const CHOICE_SCHEMAS = {
  type: among(CHOICE_KINDS),
  name: TEXT,
  disable_parallel_tool_use: FLAG,
} as const satisfies Schemas
export const CHOICE_FIELDS = namesOf(CHOICE_SCHEMAS)

const choiceOf = (kinds: readonly string[], required: readonly string[]): Schema =>
  objectOf({
    fields: { ...CHOICE_SCHEMAS, type: among(kinds), ...(required.length > 1 ? {} : { name: ANYTHING }) },
    required,
  })

/** The smallest budget of thinking. */
export const MIN_BUDGET = 1_024
export const DISPLAYS = ['summarized', 'omitted'] as const
const THINKING_SCHEMAS = {
  type: among(['enabled', 'disabled', 'adaptive']),
  budget_tokens: ANYTHING,
  display: among(DISPLAYS),
} as const satisfies Schemas
export const THINKING_FIELDS = namesOf(THINKING_SCHEMAS)

const THINKING: Schema = {
  anyOf: [
    objectOf({
      fields: {
        ...THINKING_SCHEMAS,
        type: { const: 'enabled' },
        budget_tokens: { type: 'integer', minimum: MIN_BUDGET, maximum: Number.MAX_SAFE_INTEGER },
      },
      required: ['type', 'budget_tokens'],
    }),
    objectOf({ fields: { ...THINKING_SCHEMAS, type: among(['disabled', 'adaptive']) }, required: ['type'] }),
  ],
}

export const EFFORTS = ['low', 'medium', 'high', 'xhigh', 'max'] as const
const FORMAT_SCHEMAS = { type: { const: 'json_schema' }, schema: OBJECT } as const satisfies Schemas
const CONFIG_SCHEMAS = {
  effort: among(EFFORTS),
  format: objectOf({ fields: FORMAT_SCHEMAS, required: ['type', 'schema'] }),
} as const satisfies Schemas
export const FORMAT_FIELDS = namesOf(FORMAT_SCHEMAS)
export const CONFIG_FIELDS = namesOf(CONFIG_SCHEMAS)

/** The one edit of the context that keeps everything: agents send it. */
export const KEPT_EDIT = { type: 'clear_thinking_20251015', keep: 'all' } as const
const EDIT: Schema = objectOf({
  fields: { type: { const: KEPT_EDIT.type }, keep: { const: KEPT_EDIT.keep } },
  required: ['type', 'keep'],
  isOpen: true,
})
const CONTEXT_SCHEMAS = { edits: listOf(EDIT) } as const satisfies Schemas
export const CONTEXT_FIELDS = namesOf(CONTEXT_SCHEMAS)

const METADATA_SCHEMAS = { user_id: TEXT } as const satisfies Schemas
export const METADATA_FIELDS = namesOf(METADATA_SCHEMAS)

export const TIERS = ['auto', 'standard_only'] as const

/** Fields that a count of tokens takes as well. */
const COUNT_SCHEMAS: Schemas = {
  model: MODEL_FIELD,
  messages: told(
    'The conversation so far.',
    listOf({ anyOf: [messageOf('user'), messageOf('assistant'), messageOf('system')] }, { minItems: 1 }),
  ),
  cache_control: CACHE_CONTROL,
  context_management: told(
    'Only edits that keep everything: nothing is cut off here.',
    objectOf({ fields: CONTEXT_SCHEMAS }),
  ),
  output_config: objectOf({ fields: CONFIG_SCHEMAS }),
  system: CONTENT.system,
  thinking: THINKING,
  tool_choice: {
    anyOf: [
      choiceOf(
        CHOICE_KINDS.filter((kind) => kind !== 'tool'),
        ['type'],
      ),
      choiceOf(['tool'], ['type', 'name']),
    ],
  },
  tools: listOf(objectOf({ fields: TOOL_SCHEMAS, required: ['name', 'input_schema'] })),
  ...refused(REFUSED_FIELDS),
}

/** The table of Anthropic's dialect. The validator takes names, ranges and words from it, and so do the documents. */
export const MESSAGES_SCHEMAS: Schemas = {
  ...COUNT_SCHEMAS,
  max_tokens: CAP_FIELD,
  metadata: objectOf({ fields: METADATA_SCHEMAS }),
  service_tier: among(TIERS),
  stop_sequences: listOf(TEXT),
  stream: told('Whether the answer comes as server-sent events.', FLAG),
  temperature: { type: 'number', minimum: 0, maximum: 1 },
  top_k: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
  top_p: { type: 'number', minimum: 0, maximum: 1 },
  ...ROUTING_SCHEMAS,
}

export const COUNT_FIELDS = namesOf(COUNT_SCHEMAS)
export const MESSAGES_FIELDS = namesOf(MESSAGES_SCHEMAS)

export const COUNT_BODY = objectOf({ fields: COUNT_SCHEMAS, required: ['model', 'messages'] })
export const MESSAGES_BODY = objectOf({
  fields: MESSAGES_SCHEMAS,
  required: ['model', 'messages', 'max_tokens'],
})
