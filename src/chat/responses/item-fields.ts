import { ANYTHING, among, listOf, namesOf, objectOf, type Schema, type Schemas, TEXT } from '../schema.ts'

export const DETAILS = ['auto', 'low', 'high', 'original'] as const

const PART_SCHEMAS = {
  input_text: { type: { const: 'input_text' }, text: TEXT },
  output_text: {
    type: { const: 'output_text' },
    text: TEXT,
    annotations: ANYTHING,
    logprobs: ANYTHING,
    parsed: ANYTHING,
  },
  refusal: { type: { const: 'refusal' }, refusal: TEXT },
  input_image: {
    type: { const: 'input_image' },
    image_url: TEXT,
    detail: among(DETAILS),
    file_id: { type: 'null', description: 'Refused: no files are stored. Send image_url.' },
  },
} as const satisfies Readonly<Record<string, Schemas>>

type Part = keyof typeof PART_SCHEMAS

const PART_REQUIRED: Readonly<Record<Part, string>> = {
  input_text: 'text',
  output_text: 'text',
  refusal: 'refusal',
  input_image: 'image_url',
}

export const INPUT_PARTS = ['input_text', 'input_image'] as const satisfies readonly Part[]
export const OUTPUT_PARTS = ['output_text', 'refusal', 'input_text'] as const satisfies readonly Part[]
export const RESULT_PARTS = ['input_text'] as const satisfies readonly Part[]

const contentOf = (kinds: readonly Part[]): Schema => {
  const parts = kinds.map((kind) =>
    objectOf({ fields: PART_SCHEMAS[kind], required: ['type', PART_REQUIRED[kind]] }),
  )
  return { anyOf: [TEXT, listOf({ anyOf: parts })] }
}

const thoughts = listOf(objectOf({ fields: { text: TEXT }, required: ['text'], isOpen: true }))

export const MESSAGE_ROLES = ['user', 'assistant', 'system', 'developer'] as const

/**
 * Fields of each kind of item in `input`. `id` and `status` are what an earlier answer said, and mean nothing here; nor does what OpenAI's
 * SDK adds to the items of a stream, `parsed` and `parsed_arguments`.
 */
const ITEM_SCHEMAS = {
  message: {
    type: { const: 'message' },
    id: ANYTHING,
    status: ANYTHING,
    role: among(MESSAGE_ROLES),
    content: ANYTHING,
    phase: ANYTHING,
  },
  function_call: {
    type: { const: 'function_call' },
    id: ANYTHING,
    status: ANYTHING,
    call_id: TEXT,
    name: TEXT,
    arguments: TEXT,
    parsed_arguments: ANYTHING,
  },
  function_call_output: {
    type: { const: 'function_call_output' },
    id: ANYTHING,
    status: ANYTHING,
    call_id: TEXT,
    output: contentOf(RESULT_PARTS),
  },
  reasoning: {
    type: { const: 'reasoning' },
    id: ANYTHING,
    status: ANYTHING,
    summary: thoughts,
    content: thoughts,
    encrypted_content: TEXT,
  },
} as const satisfies Readonly<Record<string, Schemas>>

const messageBy = (roles: readonly string[], kinds: readonly Part[]): Schema =>
  objectOf({
    fields: { ...ITEM_SCHEMAS.message, role: among(roles), content: contentOf(kinds) },
    required: ['role', 'content'],
  })

/** One item of `input`; a message may leave its type out. */
export const ITEM: Schema = {
  anyOf: [
    messageBy(['assistant'], OUTPUT_PARTS),
    messageBy(
      MESSAGE_ROLES.filter((role) => role !== 'assistant'),
      INPUT_PARTS,
    ),
    objectOf({ fields: ITEM_SCHEMAS.function_call, required: ['type', 'call_id', 'name', 'arguments'] }),
    objectOf({ fields: ITEM_SCHEMAS.function_call_output, required: ['type', 'call_id', 'output'] }),
    objectOf({ fields: ITEM_SCHEMAS.reasoning, required: ['type'] }),
  ],
}

const namesByKind = (
  table: Readonly<Record<string, Schemas>>,
): Readonly<Record<string, ReadonlySet<string>>> =>
  Object.fromEntries(Object.entries(table).map(([kind, fields]) => [kind, namesOf(fields)]))

export const ITEM_FIELDS = namesByKind(ITEM_SCHEMAS)
export const PART_FIELDS = namesByKind(PART_SCHEMAS)
