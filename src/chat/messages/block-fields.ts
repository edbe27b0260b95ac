import {
  ANYTHING,
  among,
  FLAG,
  listOf,
  namesOf,
  OBJECT,
  objectOf,
  type Schema,
  type Schemas,
  TEXT,
} from '../schema.ts'

export const CACHE_FIELDS = {
  type: { const: 'ephemeral' },
  ttl: among(['5m', '1h']),
} as const satisfies Schemas
export const CACHE_CONTROL = objectOf({ fields: CACHE_FIELDS, required: ['type'] })

export const MEDIA_TYPES = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'] as const

/** Where an image is, by kind. */
export const SOURCE_FIELDS: Readonly<Record<'base64' | 'url', Schemas>> = {
  base64: { type: { const: 'base64' }, media_type: among(MEDIA_TYPES), data: TEXT },
  url: { type: { const: 'url' }, url: TEXT },
}

const SOURCE: Schema = {
  anyOf: Object.values(SOURCE_FIELDS).map((fields) => objectOf({ fields, required: Object.keys(fields) })),
}

/** What may stand in a message, by who says it. */
export const USER_KINDS = ['text', 'image', 'tool_result'] as const
export const ASSISTANT_KINDS = ['text', 'tool_use', 'thinking', 'redacted_thinking'] as const
export const RESULT_KINDS = ['text', 'image'] as const
export const SYSTEM_KINDS = ['text'] as const

type Kind = (typeof USER_KINDS | typeof ASSISTANT_KINDS)[number]

/** Fields of each kind of block that a message may hold; a result's own blocks are told where it stands. */
const BLOCK_SCHEMAS: Readonly<Record<Kind, Schemas>> = {
  text: { type: { const: 'text' }, text: TEXT, cache_control: CACHE_CONTROL, citations: ANYTHING },
  image: { type: { const: 'image' }, source: SOURCE, cache_control: CACHE_CONTROL },
  tool_use: {
    type: { const: 'tool_use' },
    id: TEXT,
    name: TEXT,
    input: OBJECT,
    cache_control: CACHE_CONTROL,
    caller: ANYTHING,
  },
  tool_result: {
    type: { const: 'tool_result' },
    tool_use_id: TEXT,
    content: ANYTHING,
    is_error: FLAG,
    cache_control: CACHE_CONTROL,
  },
  thinking: { type: { const: 'thinking' }, thinking: TEXT, signature: TEXT },
  redacted_thinking: { type: { const: 'redacted_thinking' }, data: TEXT },
}

const REQUIRED: Readonly<Record<Kind, readonly string[]>> = {
  text: ['type', 'text'],
  image: ['type', 'source'],
  tool_use: ['type', 'id', 'name', 'input'],
  tool_result: ['type', 'tool_use_id'],
  thinking: ['type', 'thinking'],
  redacted_thinking: ['type', 'data'],
}

const block = (kind: Kind, more: Schemas = {}): Schema =>
  objectOf({ fields: { ...BLOCK_SCHEMAS[kind], ...more }, required: REQUIRED[kind] })

/** Content that is a text, or blocks of these kinds. */
const contentOf = (blocks: readonly Schema[]): Schema => ({ anyOf: [TEXT, listOf({ anyOf: blocks })] })

const RESULT_CONTENT = contentOf(RESULT_KINDS.map((kind) => block(kind)))

/** `content` of a message, by role. */
export const CONTENT = {
  user: contentOf(
    USER_KINDS.map((kind) =>
      kind === 'tool_result' ? block(kind, { content: RESULT_CONTENT }) : block(kind),
    ),
  ),
  assistant: contentOf(ASSISTANT_KINDS.map((kind) => block(kind))),
  system: contentOf(SYSTEM_KINDS.map((kind) => block(kind))),
} as const satisfies Schemas

export const BLOCK_FIELDS: Readonly<Record<string, ReadonlySet<string>>> = Object.fromEntries(
  Object.entries(BLOCK_SCHEMAS).map(([kind, fields]) => [kind, namesOf(fields)]),
)
