import { createHmac } from 'node:crypto'
import type { ChatRequest } from '../../chat/types.ts'

const LABEL = 'turnpike session 1\n'

const roleOf = (message: unknown): unknown =>
  typeof message === 'object' && message !== null ? Reflect.get(message, 'role') : undefined

/** What stays the same from turn to turn: everything up to the first user's message, and the tools. */
function beginningOf({ fields }: Pick<ChatRequest, 'fields'>): string {
  const messages: readonly unknown[] = Array.isArray(fields['messages']) ? fields['messages'] : []
  const first = messages.findIndex((message) => roleOf(message) === 'user')
  return JSON.stringify([messages.slice(0, first + 1), fields['tools'] ?? null])
}

/**
 * Names a conversation: the caller's `session_id`, else its beginning, as a hash under a server key. Nothing of a prompt can be read
 * from it, and it is kept in memory only.
 *
 * @example sessionKeyOf({ request, secret }) // 'rT0…', the same for every turn
 */
export function sessionKeyOf({ request, secret }: { request: ChatRequest; secret: string }): string {
  const session = request.fields['session_id']
  const named =
    typeof session === 'string' && session !== '' ? `id ${session}` : `text ${beginningOf(request)}`
  return createHmac('sha256', secret).update(LABEL).update(named).digest('base64url')
}
