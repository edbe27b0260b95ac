import type { ChatRequest } from '../types.ts'
import { invalidField } from '../check-options.ts'
import { STRATEGY_NAMES } from './overrides.ts'
import { agreedStrategy, checkSort } from './read-routing.ts'

/** The header twin of `auto:<strategy>`, for callers that cannot change their bodies. */
export const STRATEGY_HEADER = 'x-turnpike-strategy'

/**
 * A request with the strategy that its header names.
 *
 * @param header as it came; undefined where there was none.
 * @throws TurnpikeError `invalid_field` for no strategy of ours, `contradicting_options` where the body names another.
 * @example withStrategy({ request, header: 'cost' }).routing?.strategy // 'cost'
 */
export function withStrategy({
  request,
  header,
}: {
  request: ChatRequest
  header: string | undefined
}): ChatRequest {
  if (header === undefined) return request
  const name = header.trim().toLowerCase()
  const strategy = STRATEGY_NAMES.find((one) => one === name)
  if (!strategy) throw invalidField(STRATEGY_HEADER, `must be one of ${STRATEGY_NAMES.join(', ')}.`)
  const named = agreedStrategy([
    { at: 'the body', strategy: request.routing?.strategy },
    { at: STRATEGY_HEADER, strategy },
  ])
  checkSort(request.routing?.sort, named)
  return { ...request, routing: { ...request.routing, strategy } }
}
