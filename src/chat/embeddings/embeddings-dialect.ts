import { CHAT_DIALECT } from '../answer/chat-dialect.ts'
import type { Dialect } from '../answer/dialect.ts'
import { EMBEDDINGS_BODY } from './fields.ts'
import { readEmbeddingsRequest } from './read-embeddings-request.ts'

const { capField: _none, ...CHAT } = CHAT_DIALECT

/** OpenAI's embeddings: the provider's own JSON with our words in it, never streamed. */
export const EMBEDDINGS_DIALECT: Dialect = {
  ...CHAT,
  description: "Embeddings in OpenAI's dialect by any embedding model, charged for the tokens of the input.",
  kind: 'embedding',
  body: EMBEDDINGS_BODY,
  example: { model: 'auto', input: 'Hello' },
  read: readEmbeddingsRequest,
}
