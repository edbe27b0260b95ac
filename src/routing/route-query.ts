import type { CachedTokensAt, Expectation } from './ranking/expect-call.ts'
import type { Choice } from './filters/context-exceeded.ts'
import type { Row } from './table/endpoint-row.ts'
import type { QualityKnowledge } from './ranking/estimate-quality.ts'
import type { RouteNeeds } from './filters/fits.ts'
import type { HealthView } from './health/endpoint-health.ts'
import type { Preferences } from './overrides/merge-overrides.ts'

/** What is known at the moment of a choice beside the catalogue. What is absent counts as nothing known. */
type RouteView = Partial<QualityKnowledge> & {
  readonly health?: HealthView
  readonly cachedTokensAt?: CachedTokensAt
}

export type RouteQuery = Choice &
  RouteView & {
    /** `vendor/model`, an operator's alias, `auto` or `auto:<strategy>`. */
    readonly wanted: string
    readonly needs: RouteNeeds
    /** What every level has said (mergeOverrides). */
    readonly preferences?: Preferences
    /** The server's margin, where an endpoint has none of its own. */
    readonly marginBps?: number
    readonly expected?: Expectation
    /** Where `auto` may try another model than the best-scored one, to learn: what decides whether it does. */
    readonly explorationSeed?: string
    /** The conversation, by which prompt caches are known. */
    readonly sessionKey?: string
    /** Of a call that brings a signed quote: places in the price book of the plan that was quoted. It is run while one of it is well. */
    readonly quotedPlaces?: readonly number[]
    /** Of the same: whether an endpoint's own ceiling is within the one that was signed. */
    readonly isWithinCap?: ((row: Row) => boolean) | undefined
    readonly nowMs?: number
  }
