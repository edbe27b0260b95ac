import { CHAT_DIALECT } from '../answer/chat-dialect.ts'
import type { Dialect } from '../answer/dialect.ts'
import { readEmbeddingsRequest } from './read-embeddings-request.ts'

/** OpenAI's embeddings: the provider's own JSON with our words in it, never streamed. */
export const EMBEDDINGS_DIALECT: Dialect = { ...CHAT_DIALECT, read: readEmbeddingsRequest }
