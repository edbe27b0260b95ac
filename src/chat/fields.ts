import { LIMITS } from '../lib/limits.ts'
import { MESSAGE } from './message-fields.ts'
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
  type Schemas,
  TEXT,
  told,
} from './schema.ts'
import { CAP_FIELD, MODEL_FIELD, ROUTER_SCHEMAS, USUAL_TIERS } from './shared-fields.ts'

/** Options that cost more than tokens: what cannot be priced before the call is not sold. */
export const REFUSED_FIELDS: Readonly<Record<string, string>> = {
  web_search_options: 'is charged per search and is not sold here.',
  audio: 'is not sold here: only text output is.',
}

/** Functions and custom tools are answered by the caller; a provider's own tools would be billed apart. */
export const TOOL_TYPES = ['function', 'custom'] as const

const TOOL = objectOf({ fields: { type: among(TOOL_TYPES) }, required: ['type'], isOpen: true })

/** Every field of OpenAI's published chat completion request, with its published range, plus the output cap's name in the responses dialect. */
const OPENAI_SCHEMAS = {
  model: MODEL_FIELD,
  messages: told('The conversation so far.', listOf(MESSAGE, { minItems: 1 })),
  ...refused(REFUSED_FIELDS),
  frequency_penalty: { type: 'number', minimum: -2, maximum: 2 },
  function_call: leftToProvider(ANYTHING),
  functions: listOf(ANYTHING, { maxItems: LIMITS.tools }),
  logit_bias: leftToProvider(OBJECT),
  logprobs: leftToProvider(FLAG),
  max_completion_tokens: CAP_FIELD,
  max_output_tokens: CAP_FIELD,
  max_tokens: CAP_FIELD,
  metadata: leftToProvider(OBJECT),
  modalities: told('Only text output is sold here.', listOf(among(['text']))),
  moderation: leftToProvider(ANYTHING),
  n: { type: 'integer', minimum: 1, maximum: LIMITS.choices, description: 'How many answers.' },
  parallel_tool_calls: leftToProvider(FLAG),
  prediction: leftToProvider(OBJECT),
  presence_penalty: { type: 'number', minimum: -2, maximum: 2 },
  prompt_cache_key: leftToProvider(TEXT),
  prompt_cache_options: leftToProvider(OBJECT),
  prompt_cache_retention: leftToProvider(TEXT),
  reasoning_effort: leftToProvider(TEXT),
  response_format: leftToProvider(OBJECT),
  safety_identifier: leftToProvider(TEXT),
  seed: { type: 'integer', minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER },
  service_tier: told('Other tiers have other prices.', among(USUAL_TIERS)),
  stop: leftToProvider({ anyOf: [TEXT, listOf(TEXT)] }),
  store: leftToProvider(FLAG),
  stream: told('Whether the answer comes as server-sent events.', FLAG),
  stream_options: told(
    'Only with stream: true.',
    objectOf({ fields: { include_usage: FLAG }, isOpen: true }),
  ),
  temperature: { type: 'number', minimum: 0, maximum: 2 },
  tool_choice: leftToProvider(ANYTHING),
  tools: listOf(TOOL, { maxItems: LIMITS.tools }),
  top_logprobs: { type: 'integer', minimum: 0, maximum: 20 },
  top_p: { type: 'number', minimum: 0, maximum: 1 },
  user: leftToProvider(TEXT),
  verbosity: leftToProvider(TEXT),
} as const satisfies Schemas

/** The table of the chat dialect. The validator takes names, ranges and words from it, and so do the documents. */
export const CHAT_SCHEMAS: Schemas = { ...OPENAI_SCHEMAS, ...ROUTER_SCHEMAS }

export const CHAT_FIELDS = namesOf(CHAT_SCHEMAS)
export const ROUTER_FIELDS = Object.keys(ROUTER_SCHEMAS)

export const CHAT_BODY = objectOf({ fields: CHAT_SCHEMAS, required: ['model', 'messages'] })
