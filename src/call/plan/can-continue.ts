import type { Endpoint } from '../../catalog/types.ts'
import { requestNeeds } from '../../chat/request-needs.ts'
import type { ChatRequest } from '../../chat/types.ts'
import type { Reach } from './route-by-size.ts'

const roleOfLast = ({ fields }: ChatRequest): unknown => {
  const messages = fields['messages']
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : undefined
  return typeof last === 'object' && last !== null ? Reflect.get(last, 'role') : undefined
}

/**
 * Whether a broken stream of this request could be gone on with: the caller asked for it, the answer is one plain text, and one of the
 * candidates is known to take a beginning.
 */
export function canContinue({
  request,
  candidates,
  upstreams,
}: {
  request: ChatRequest
  candidates: readonly Endpoint[]
  upstreams: Reach['upstreams']
}): boolean {
  if (request.fields['continue'] !== 'prefix' || !request.stream || request.kind !== undefined) return false
  if (request.choices > 1 || requestNeeds(request).structuredOutput) return false
  if (roleOfLast(request) === 'assistant') return false
  return candidates.some((endpoint) => upstreams.prefixAt(endpoint) !== undefined)
}
