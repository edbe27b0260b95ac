import type { Catalog, Endpoint } from '../../catalog/types.ts'
import { type UpstreamDialect, unsupportedFields } from '../../chat/dialect-limits.ts'
import { type CountedInput, countTexts, inputBound, tokenizerBound } from '../../chat/input-bound.ts'
import { requestNeeds, type RequestNeeds } from '../../chat/request-needs.ts'
import type { ChatRequest } from '../../chat/types.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { PicoUsd } from '../../lib/money.ts'
import type { Row } from '../../routing/table/endpoint-row.ts'
import type { RouteNeeds } from '../../routing/filters/fits.ts'
import type { HealthView } from '../../routing/health/endpoint-health.ts'
import { mergeOverrides, type Preferences } from '../../routing/overrides/merge-overrides.ts'
import { planRoute, type RoutePlan } from '../../routing/plan-route.ts'
import type { CachedTokensAt } from '../../routing/ranking/expect-call.ts'
import type { Upstreams } from '../ports.ts'
import { type Judged, qualityKnowledge, type QualitySources } from './quality-knowledge.ts'
import { sessionKeyOf } from './session-key.ts'
import type { ReceivedCall } from '../types.ts'

/** What there is, and what of it can be reached. */
export type Reach = {
  readonly catalog: Catalog
  readonly upstreams: Pick<Upstreams, 'isReachable' | 'dialectOf' | 'prefixAt'>
}

/** What is known at the moment of a choice; what is absent counts as nothing known. An answer of it never waits. */
export type RoutingKnowledge = QualitySources & {
  readonly health?: HealthView & { readonly cachedTokensAt?: CachedTokensAt }
}

type RouteDependencies = Reach & RoutingKnowledge & { readonly marginBps: number; readonly secret?: string }

/** The quote that came with a call, once it is known to be ours and for just this request. */
export type SignedPlan = { readonly ceilingPicoUsd: PicoUsd; readonly places: readonly number[] }

type Asked = { readonly request: ChatRequest; readonly dependencies: Reach }

/** A request that is to be routed, and all that bears on it. */
type Routed = {
  readonly received: Pick<ReceivedCall, 'caller'> & Judged
  readonly signed?: SignedPlan | undefined
  /** Of a call that brings a signed price: whether an endpoint is within it, given the input's bound. */
  readonly isWithin?: ((row: Row, inputBoundTokens: number) => boolean) | undefined
  readonly dependencies: RouteDependencies
}

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
export async function routeBySize(routed: Routed): Promise<SizedRoute> {
  const { request } = routed.received
  const byBytes = inputBound({ request }).boundTokens
  try {
    return routeWith(routed, byBytes)
  } catch (error) {
    if (!(error instanceof TurnpikeError) || error.code !== 'context_length_exceeded') throw error
    const counted = await countedOf(request)
    const { boundTokens } = tokenizerBound({ counted, safetyFactor: USUAL_SAFETY })
    return { ...routeWith(routed, boundTokens), isCounted: true }
  }
}

function routeWith(
  { received, signed, isWithin, dependencies }: Routed,
  inputBoundTokens: number,
): SizedRoute {
  const { request, receivedAtMs } = received
  const { health, marginBps, secret } = dependencies
  const { cachedTokensAt } = health ?? {}
  const needs = needsOf({ request, inputBoundTokens })
  const route = planRoute({
    wanted: request.model,
    needs,
    ...reachOf({ request, dependencies }),
    preferences: preferencesOf(received),
    marginBps,
    nowMs: receivedAtMs,
    ...(health ? { health } : {}),
    ...qualityKnowledge({ received, dependencies }),
    ...(cachedTokensAt && secret !== undefined
      ? { cachedTokensAt, sessionKey: sessionKeyOf({ request, secret }) }
      : {}),
    ...(signed ? { quotedPlaces: signed.places } : {}),
    ...(isWithin ? { isWithinCap: (row: Row) => isWithin(row, inputBoundTokens) } : {}),
  })
  return { route, needs, inputBoundTokens }
}

/** What every level has said: the policies of the caller from the organisation down, then the request. */
export const preferencesOf = ({
  caller,
  request,
}: Pick<ReceivedCall, 'caller'> & { readonly request: ChatRequest }): Preferences =>
  mergeOverrides([...(caller?.routing ?? []), request.routing])

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
