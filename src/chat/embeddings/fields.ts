import { LIMITS } from '../../lib/limits.ts'
import {
  among,
  ANYTHING,
  leftToProvider,
  listOf,
  namesOf,
  objectOf,
  type Schema,
  type Schemas,
  TEXT,
  told,
} from '../schema.ts'
import { MODEL_FIELD, ROUTER_SCHEMAS } from '../shared-fields.ts'

export const ENCODINGS = ['float', 'base64'] as const

const WORDS: Schema = { type: 'string', minLength: 1 }
const TOKENS = listOf({ type: 'integer', minimum: 0 }, { minItems: 1 })
const several = (one: Schema) => listOf(one, { minItems: 1, maxItems: LIMITS.embeddingInputs })

/** OpenAI's published request. The validator takes names and words from it, and so do the documents. */
export const EMBEDDINGS_SCHEMAS: Schemas = {
  model: {
    ...MODEL_FIELD,
    description: 'vendor/model of kind embedding, as GET /v1/models lists it, or auto.',
  },
  input: {
    description: 'A text, a list of tokens, or a list of either.',
    anyOf: [WORDS, TOKENS, several(WORDS), several(TOKENS)],
  },
  dimensions: { type: 'integer', minimum: 1 },
  encoding_format: among(ENCODINGS),
  user: leftToProvider(TEXT),
  ...ROUTER_SCHEMAS,
  continue: told('What has no stream has nothing to go on with: it has no effect here.', ANYTHING),
}

export const EMBEDDINGS_FIELDS = namesOf(EMBEDDINGS_SCHEMAS)

export const EMBEDDINGS_BODY = objectOf({ fields: EMBEDDINGS_SCHEMAS, required: ['model', 'input'] })
