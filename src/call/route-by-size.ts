import type { Catalog, Endpoint } from '../catalog/types.ts'
import { type UpstreamDialect, unsupportedFields } from '../chat/dialect-limits.ts'
import { type CountedInput, countTexts, inputBound, tokenizerBound } from '../chat/input-bound.ts'
import { requestNeeds, type RequestNeeds } from '../chat/request-needs.ts'
import type { ChatRequest } from '../chat/types.ts'
import { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import type { RouteNeeds } from '../routing/fits.ts'
import { planRoute, type RoutePlan } from '../routing/plan-route.ts'
import type { Upstreams } from './ports.ts'

/** What there is, and what of it can be reached. */
export type Reach = {
  readonly catalog: Catalog
  readonly upstreams: Pick<Upstreams, 'isReachable' | 'dialectOf' | 'prefixAt'>
}

type Asked = { readonly request: ChatRequest; readonly dependencies: Reach }

export type SizedRoute = {
  readonly route: RoutePlan
  readonly needs: RouteNeeds & RequestNeeds
  readonly inputBoundTokens: number
  /** Where the bytes had no room, so that the tokens were counted. */
  readonly isCounted?: true
}

/** How much an o200k count usually falls short of another family's: enough to look for room, and too little to set a price by. */
export const USUAL_SAFETY = 1.25

/** By the body's fields, which stay the same object while one call is planned, perhaps for several models. */
const counts = new WeakMap<ChatRequest['fields'], Promise<CountedInput>>()

/** What the tokenizer counts of a request: closer than its bytes, and dearer to know, so it is counted once. */
export function countedOf(request: ChatRequest): Promise<CountedInput> {
  const counted = counts.get(request.fields) ?? countTexts({ request })
  counts.set(request.fields, counted)
  return counted
}

/**
 * The route of a request whose size is bounded by its bytes; where no model has room for so many, by its tokens.
 *
 * @throws what planRoute throws.
 */
export async function routeBySize(asked: Asked): Promise<SizedRoute> {
  const byBytes = inputBound(asked).boundTokens
  try {
    return routeWith(asked, byBytes)
  } catch (error) {
    if (!(error instanceof TurnpikeError) || error.code !== 'context_length_exceeded') throw error
    const counted = await countedOf(asked.request)
    const { boundTokens } = tokenizerBound({ counted, safetyFactor: USUAL_SAFETY })
    return { ...routeWith(asked, boundTokens), isCounted: true }
  }
}

function routeWith(asked: Asked, inputBoundTokens: number): SizedRoute {
  const { request, dependencies } = asked
  const needs = needsOf({ request, inputBoundTokens })
  const route = planRoute({ wanted: request.model, needs, ...reachOf({ request, dependencies }) })
  return { route, needs, inputBoundTokens }
}

/** What routing looks at of a request. */
export function needsOf({ request, inputBoundTokens }: { request: ChatRequest; inputBoundTokens: number }) {
  const { callerOutputCap, kind } = request
  return {
    ...requestNeeds(request),
    ...(kind === undefined ? {} : { kind }),
    inputBoundTokens,
    ...(callerOutputCap === undefined ? {} : { callerOutputCap }),
  }
}

/** What routing may choose from for this request. What each dialect cannot honour is read once, however many providers speak it. */
export function reachOf({ request, dependencies: { catalog, upstreams } }: Asked) {
  const known = new Map<UpstreamDialect, readonly string[]>()
  const unsupportedAt = (endpoint: Endpoint): readonly string[] => {
    const dialect = upstreams.dialectOf(endpoint)
    const fields = known.get(dialect) ?? unsupportedFields({ ...request, dialect })
    known.set(dialect, fields)
    return fields
  }
  return { catalog, isReachable: upstreams.isReachable, unsupportedAt }
}
