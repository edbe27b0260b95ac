import { isPriced, type PricedEndpoint } from '../catalog/blended-price.ts'
import {
  type Candidate,
  type CandidatePool,
  createCandidatePool,
  type PoolOptions,
} from './candidate-pool.ts'
import { countHits, type FilterHit } from './count-hits.ts'
import type { Row } from './endpoint-table.ts'
import { codeOf, PASSES } from './filter-reasons.ts'
import type { EndpointHealth } from './health/endpoint-health.ts'
import { logOddsOf } from './quality-view.ts'
import { type Reference, scoreOf, termsOf } from './score.ts'

/** A candidate with its score. */
export type Ranked = Candidate & { readonly score: number }

/** What comes before any score: the smaller place is tried first. */
export type PlaceOf = (row: Row) => number

export type Ranking = {
  readonly kind: 'ranked'
  /** How many may answer. */
  readonly passed: number
  /** Whose cost and time the others are held against: the one with the best quality that can be relied on. */
  readonly best: Ranked
  readonly reference: Reference
  /** The first few by place, then by score; where scores are equal in the table's order, which is by price. */
  readonly topOf: (query: {
    most: number
    placeOf?: PlaceOf | undefined
    modelIndex?: number
  }) => readonly Ranked[]
  /** Every other endpoint, counted under what is against it. Goes through all of them: for those who ask why. */
  readonly hits: () => readonly FilterHit[]
  /**
   * Of all that fit, by the price of a typical call: the dearest, and the cheapest whose quality is at least this much without looking at
   * the request.
   */
  readonly dearest: () => PricedEndpoint | undefined
  readonly cheapestFrom: (quality: number) => PricedEndpoint | undefined
}

/** Nobody to rank: all that fit and have the quality rest, or, where none rests, there are none. */
export type Unranked = { readonly kind: 'unranked'; readonly resting: readonly EndpointHealth[] }

type RankOptions = PoolOptions & {
  /** Whether a candidate has to come near the best one; who names models is not second-guessed. */
  readonly hasFloor: boolean
}

/**
 * Scores who fits, by the strategy's weights against the candidate of the best quality. The floor is taken from cautious qualities on
 * both sides, so the best one always meets it.
 */
export function rankCandidates(options: RankOptions): Ranking | Unranked {
  const { strategy, hasFloor, shelf, reasonAt } = options
  const pool = createCandidatePool(options)
  while (pool.candidates.length === 0 && pool.openBest());
  if (!hasFloor || pool.candidates.length === 0) pool.openFrom(-Infinity)
  const top = bestOf(pool.candidates)
  if (!top) return { kind: 'unranked', resting: [...pool.resting.values()] }
  if (hasFloor) pool.openFrom(strategy.floor * top.reliable)
  const best = bestOf(pool.candidates) ?? top
  const reference = { costPicoUsd: best.inputs.costPicoUsd, latencyMs: best.inputs.latencyMs }
  const { candidates } = pool
  // Of hundreds only the scores are made; the few that come first become objects.
  const scores = new Float64Array(candidates.length)
  for (let index = 0; index < candidates.length; index += 1) {
    const inputs = candidates[index]?.inputs
    if (inputs) scores[index] = scoreOf(termsOf({ inputs, reference, strategy }))
  }
  const fits = (row: Row) => reasonAt(row) === PASSES
  return {
    kind: 'ranked',
    passed: candidates.length,
    best: { ...best, score: scores[candidates.indexOf(best)] ?? 0 },
    reference,
    topOf: (query) => topOf({ candidates, scores, ...query }),
    hits: () => hitsOf(pool, options),
    dearest: () => pricedOnly(shelf.rows.findLast((row) => row.isPriced && fits(row))),
    cheapestFrom(quality) {
      const least = logOddsOf(quality)
      const isGood = (row: Row) => pool.priorOf(row) >= least
      return pricedOnly(shelf.rows.find((row) => isGood(row) && fits(row)))
    },
  }
}

/** Among equals the cheapest, then the first. */
const bestOf = (candidates: readonly Candidate[]): Candidate | undefined =>
  candidates.reduce<Candidate | undefined>((best, one) => {
    if (!best || one.reliable > best.reliable) return one
    if (one.reliable < best.reliable) return best
    const difference = one.inputs.costPicoUsd - best.inputs.costPicoUsd || one.row.place - best.row.place
    return difference < 0 ? one : best
  }, undefined)

const pricedOnly = (row: Row | undefined): PricedEndpoint | undefined =>
  row && isPriced(row.endpoint) ? row.endpoint : undefined

const [MIN_QUALITY, FLOOR, CIRCUIT_OPEN] = [codeOf('min_quality'), codeOf('floor'), codeOf('circuit_open')]

/** Every endpoint once: what the hard filters say, else its health, else its quality. */
function hitsOf(pool: CandidatePool, { shelf: { rows }, reasonAt, minQuality = 0 }: RankOptions) {
  const passed = new Set(pool.candidates.map(({ row }) => row))
  return countHits({
    rows,
    codeAt(row) {
      const code = reasonAt(row)
      if (code !== PASSES || passed.has(row)) return code
      if (pool.resting.has(row)) return CIRCUIT_OPEN
      return pool.qualityOf(row) < minQuality ? MIN_QUALITY : FLOOR
    },
  })
}

function topOf({
  candidates,
  scores,
  most,
  placeOf,
  modelIndex,
}: {
  candidates: readonly Candidate[]
  scores: Float64Array
  most: number
  placeOf?: PlaceOf | undefined
  modelIndex?: number
}): readonly Ranked[] {
  const top: { readonly one: Candidate; readonly score: number; readonly place: number }[] = []
  for (let index = 0; index < candidates.length; index += 1) {
    const one = candidates[index]
    if (!one || (modelIndex !== undefined && one.row.modelIndex !== modelIndex)) continue
    const place = placeOf?.(one.row) ?? 0
    const score = scores[index] ?? 0
    let to = top.length
    for (; to > 0; to -= 1) {
      const before = top[to - 1]
      if (!before || before.place < place) break
      const isBefore = before.score === score ? before.one.row.place < one.row.place : before.score > score
      if (before.place === place && isBefore) break
    }
    if (to < most) {
      top.splice(to, 0, { one, score, place })
      if (top.length > most) top.pop()
    }
  }
  return top.map(({ one, score }) => ({ ...one, score }))
}
