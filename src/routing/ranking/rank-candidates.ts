import { isPriced, type PricedEndpoint } from '../../catalog/blended-price.ts'
import { type CandidatePool, gatherCandidates, type PoolOptions, type PoolSetting } from './candidate-pool.ts'
import { type FilterHit, hitsOf } from './count-hits.ts'
import type { Row } from '../table/endpoint-row.ts'
import type { EndpointTable } from '../table/endpoint-table.ts'
import { estimateQuality } from './estimate-quality.ts'
import { PASSES } from '../table/filter-reasons.ts'
import type { EndpointHealth } from '../health/endpoint-health.ts'
import { logOddsOf, type QualityEstimate } from '../quality/quality-view.ts'
import { type Reference, type ScoreInputs, scoreOf, termsOf } from './score.ts'
import { inputsAt, type ScoreSheet } from './score-sheet.ts'
import type { Strategy } from '../overrides/strategies.ts'
import { type PlaceOf, topOf } from './top-of.ts'

/** A candidate that is shown, with its score. */
export type Ranked = {
  readonly row: Row
  /** What its quality is made of, worked out when it is asked for. */
  readonly estimate: () => QualityEstimate
  /** The quality that can be relied on. */
  readonly reliable: number
  readonly inputs: ScoreInputs
  readonly score: number
}

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
  /** Every other endpoint, counted under what is against it. Goes through all of them: for those who ask why, at any later time. */
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

/**
 * Scores who fits, by the strategy's weights against the candidate of the best quality. Apart from `hits` a ranking is to be read before
 * the next one is made (score-sheet.ts).
 */
export function rankCandidates(options: PoolOptions): Ranking | Unranked {
  const { setting, shelf } = options
  const { strategy } = setting
  const pool = gatherCandidates(options)
  const { candidates, sheet } = pool
  const { table } = setting
  const best = bestOf(pool, table)
  if (best === undefined) return { kind: 'unranked', resting: healthOf(pool.resting, setting) }
  const { reliable, costPicoUsd, latencyMs, score } = sheet.ofCandidate
  const reference = { costPicoUsd: costPicoUsd[best]!, latencyMs: latencyMs[best]! }
  scoreAll({ pool, reference, strategy })
  const rankedAt = (index: number): Ranked => {
    const row = table.rowAt[candidates[index]!]!
    return {
      row,
      estimate: () => estimateQuality(row.model, setting),
      reliable: reliable[index]!,
      inputs: inputsAt(sheet, index),
      score: score[index]!,
    }
  }
  return {
    kind: 'ranked',
    passed: candidates.length,
    best: rankedAt(best),
    reference,
    topOf: (query) => topOf({ table, candidates, score, ...query }).map(rankedAt),
    hits: hitsOf(pool, options),
    dearest: () => pricedOnly(shelf.rows.findLast(({ number }) => options.codeAt(number) === PASSES)),
    cheapestFrom: (quality) => pricedOnly(cheapestFrom({ least: logOddsOf(quality), sheet, options })),
  }
}

/** Once more and as a whole, since it is to be told. */
const healthOf = (numbers: readonly number[], { table, health, expected }: PoolSetting) =>
  numbers.map((number) =>
    health.of({ endpointId: table.endpointIds[number]!, inputTokens: expected.inputTokens }),
  )

function scoreAll({
  pool: { candidates, sheet },
  reference,
  strategy,
}: {
  pool: CandidatePool
  reference: Reference
  strategy: Strategy
}): void {
  const { score } = sheet.ofCandidate
  for (let index = 0; index < candidates.length; index += 1)
    score[index] = scoreOf(termsOf({ inputs: inputsAt(sheet, index), reference, strategy }))
}

/** Among equals the cheapest, then the first. */
function bestOf(
  { candidates, sheet: { ofCandidate } }: CandidatePool,
  { columns: { place } }: EndpointTable,
): number | undefined {
  const { reliable, costPicoUsd } = ofCandidate
  let best = 0
  for (let index = 1; index < candidates.length; index += 1) {
    const ahead = reliable[index]! - reliable[best]!
    if (ahead < 0) continue
    const dearer =
      costPicoUsd[index]! - costPicoUsd[best]! || place[candidates[index]!]! - place[candidates[best]!]!
    if (ahead > 0 || dearer < 0) best = index
  }
  return candidates.length > 0 ? best : undefined
}

const pricedOnly = (row: Row | undefined): PricedEndpoint | undefined =>
  row && isPriced(row.endpoint) ? row.endpoint : undefined

/** @param least log-odds of the quality without the words of the request. */
function cheapestFrom({
  least,
  sheet,
  options: {
    setting: { table },
    shelf: { models, numbers, starts },
    codeAt,
  },
}: {
  least: number
  sheet: ScoreSheet
  options: PoolOptions
}): Row | undefined {
  const { prior } = sheet.ofModel
  const { place } = table.columns
  let cheapest: number | undefined
  for (let group = 0; group < models.length; group += 1) {
    if (prior[group]! < least) continue
    const [from, to] = [starts[group]!, starts[group + 1]!]
    // Models come in the order of their cheapest endpoints: whoever follows is no cheaper.
    if (cheapest !== undefined && place[numbers[from]!]! > place[cheapest]!) break
    for (let at = from; at < to; at += 1) {
      const number = numbers[at]!
      if (codeAt(number) !== PASSES) continue
      if (cheapest === undefined || place[number]! < place[cheapest]!) cheapest = number
      break
    }
  }
  return cheapest === undefined ? undefined : table.rowAt[cheapest]
}
