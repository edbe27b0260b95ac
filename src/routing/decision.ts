import { blendedPrice, isPriced, type PricedEndpoint } from '../catalog/blended-price.ts'
import type { Model } from '../catalog/types.ts'
import { LIMITS } from '../lib/limits.ts'
import type { FilterHit } from './ranking/count-hits.ts'
import type { Expectation } from './ranking/expect-call.ts'
import type { Row } from './table/endpoint-row.ts'
import type { Ranked, Ranking } from './ranking/rank-candidates.ts'
import type { Reference } from './ranking/score.ts'
import type { Strategy } from './overrides/strategies.ts'
import type { PlaceOf } from './ranking/top-of.ts'

/** Everything about a choice that can be told afterwards: numbers and names of the catalogue, nothing of the request's text. */
export type Decision = {
  readonly strategy: Strategy
  readonly expected: Expectation
  readonly reference: Reference
  /** Endpoints that were looked at, and those that passed every filter. */
  readonly considered: number
  readonly passed: number
  /** What has kept the others out: counted when it is asked for. */
  readonly filters: () => readonly FilterHit[]
  /** Best first; the chosen one is at the head. */
  readonly ranked: readonly Ranked[]
  /** Those whose figures are kept, in any order: everybody who passed, where those are few (LIMITS.comparedCandidates). */
  readonly compared: readonly Ranked[]
  /** The candidate of the best quality, against which cost and time were held. */
  readonly best: Ranked
  readonly baselines: Baselines
  /** The best-scored model, where another one is tried in its place to learn. */
  readonly insteadOf?: string
}

/** What a saving is held against: endpoints of the moment of the choice. */
export type Baselines = {
  /** The model that was named or told as the baseline, else the dearest that was allowed. */
  readonly baseline: PricedEndpoint
  /** The cheapest single model that is as good without looking at the request: what a router has to beat. */
  readonly fixed: PricedEndpoint
}

export type RoutePlan = {
  readonly model: Model
  /** In the order of trial. */
  readonly candidates: readonly [PricedEndpoint, ...PricedEndpoint[]]
  /** The strategy's name; `pinned` where a model was named and nothing else was said. */
  readonly strategy: string
  /** One line for people: why this endpoint. */
  readonly reason: string
  readonly decision: Decision
  /** Whether it is the plan that was quoted. */
  readonly isQuoted?: true
}

/** How many are ranked: as many as are explained, and more than can step in. */
export const RANKED = 12

/** Best first: all endpoints of the chosen model, and of the others as many as may matter. */
export function orderOf(ranking: Ranking, placeOf?: PlaceOf): readonly Ranked[] {
  const top = ranking.topOf({ most: RANKED, placeOf })
  const [first] = top
  // Fewer than asked for are all that there are.
  if (!first || top.length < RANKED) return top
  const known = new Set(top.map(({ row }) => row))
  const { modelIndex } = first.row
  const own = ranking.topOf({ most: ranking.passed, placeOf, modelIndex })
  return [...top, ...own.filter(({ row }) => !known.has(row))]
}

/** Rounding of one estimate must not make an equal one worse. */
const SAME_QUALITY = 1e-9

/**
 * What can be told of a choice.
 *
 * @param considered how many endpoints there were.
 * @param ordered the chosen one first.
 * @param told the endpoint that the baseline was told to be, where one was.
 */
export function decisionOf({
  setting: { strategy, expected },
  considered,
  ranking,
  ordered,
  told,
}: {
  setting: Pick<Decision, 'strategy' | 'expected'>
  considered: number
  ranking: Ranking
  ordered: readonly [Ranked, ...Ranked[]]
  told: PricedEndpoint | undefined
}): Decision {
  const { reference, passed, best } = ranking
  const [chosen] = ordered
  const own = pricedOf(chosen.row)
  const fixed = ranking.cheapestFrom(chosen.inputs.quality - SAME_QUALITY)
  return {
    strategy,
    expected,
    reference,
    considered,
    passed,
    filters: ranking.hits,
    ranked: ordered,
    compared: comparedOf(ranking, ordered),
    best,
    baselines: { baseline: told ?? ranking.dearest() ?? own, fixed: fixed ?? own },
  }
}

/** Read now: the figures of a ranking are written over by the next one. */
const comparedOf = ({ passed, topOf }: Ranking, ordered: readonly Ranked[]): readonly Ranked[] =>
  passed <= ordered.length || passed > LIMITS.comparedCandidates ? ordered : topOf({ most: passed })

/** @throws RangeError where there is no price at all: such a one has been filtered out. */
export function pricedOf({ endpoint }: Row): PricedEndpoint {
  if (isPriced(endpoint)) return endpoint
  throw new RangeError(`${endpoint.id} has no price.`)
}

/** The cheapest of some endpoints by a typical call. */
export const cheapestOf = (endpoints: readonly PricedEndpoint[]): PricedEndpoint | undefined =>
  endpoints.reduce<PricedEndpoint | undefined>(
    (least, one) => (least && blendedPrice(least) <= blendedPrice(one) ? least : one),
    undefined,
  )
