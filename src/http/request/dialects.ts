import { CHAT_DIALECT } from '../../chat/answer/chat-dialect.ts'
import type { Dialect } from '../../chat/answer/dialect.ts'
import { EMBEDDINGS_DIALECT } from '../../chat/embeddings/embeddings-dialect.ts'
import { MESSAGES_DIALECT } from '../../chat/messages/messages-dialect.ts'
import { RESPONSES_DIALECT } from '../../chat/responses/responses-dialect.ts'

/** Paths that cost money, and what is spoken there. GET and HEAD on them are probes for the price, and carry a stock client's refund. */
export const PAID_PATHS: ReadonlyMap<string, Dialect> = new Map([
  ['/v1/chat/completions', CHAT_DIALECT],
  ['/v1/messages', MESSAGES_DIALECT],
  ['/v1/responses', RESPONSES_DIALECT],
  ['/v1/embeddings', EMBEDDINGS_DIALECT],
])

/** The dialect of an answer at this path, errors included; OpenAI's wherever nothing else is spoken. */
export function dialectAt(path: string): Dialect {
  const known = PAID_PATHS.get(path)
  if (known) return known
  // The router takes a path in capitals or with a slash at its end for the same one.
  const plain = path.toLowerCase().replace(/\/$/, '')
  return PAID_PATHS.get(plain) ?? (plain.startsWith('/v1/messages/') ? MESSAGES_DIALECT : CHAT_DIALECT)
}
