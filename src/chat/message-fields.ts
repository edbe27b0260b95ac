import { among, listOf, OBJECT, type Schema, TEXT } from './schema.ts'

export const ROLES = ['system', 'developer', 'user', 'assistant', 'tool', 'function'] as const

/** Parts whose tokens can be bounded from the request alone. A file's or a video's cannot. */
export const PART_TYPES = ['text', 'refusal', 'image_url', 'input_audio'] as const

const PART: Schema = {
  anyOf: [
    { type: 'object', required: ['type', 'text'], properties: { type: { const: 'text' }, text: TEXT } },
    {
      type: 'object',
      required: ['type'],
      properties: { type: among(PART_TYPES.filter((type) => type !== 'text')) },
    },
  ],
}

/** Texts of an assistant's message beside its content, in the words of the providers that have any. */
export const SPOKEN_BESIDE = ['reasoning', 'reasoning_content', 'refusal'] as const

const SPOKEN: Schema = { type: ['string', 'null'] }

/** A message as far as it is checked here; the rest goes to the provider as it is. */
export const MESSAGE: Schema = {
  type: 'object',
  required: ['role'],
  properties: {
    role: among(ROLES),
    content: { anyOf: [TEXT, listOf(PART), { type: 'null' }] },
    reasoning_details: { ...listOf(OBJECT), type: ['array', 'null'] },
    ...Object.fromEntries(SPOKEN_BESIDE.map((name) => [name, SPOKEN])),
  },
}
