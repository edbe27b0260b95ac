import type { Prices } from '../catalog/types.ts'
import { bucketsFor } from '../pricing/tier.ts'
import type { Row } from './endpoint-table.ts'
import type { FilterTally, Passed } from './filter-candidates.ts'
import { codeOf } from './filter-reasons.ts'
import { estimateQuality, type QualityKnowledge } from './estimate-quality.ts'
import { type QualityEstimate, shareOf } from './quality-view.ts'
import type { RouteQuestion } from './route-question.ts'
import { cautiousQuality, quickScore, type Reference, type ScoreInputs } from './score.ts'
import type { Strategy } from './strategies.ts'

/** A candidate with what its score is made of, and the score. */
export type Ranked = {
  readonly row: Row
  readonly inputs: ScoreInputs
  readonly estimate: QualityEstimate
  readonly score: number
}

/** What the cost and the time of a candidate are expected from. */
export type Expectation = { readonly inputTokens: number; readonly outputTokens: number }

/** Tokens of an input that an endpoint has in its cache, by conversation. */
export type CachedTokensAt = (query: { readonly sessionKey: string; readonly endpointId: string }) => number

/** What comes before any score: the smaller place is tried first. */
export type PlaceOf = (row: Row) => number

export type Ranking = {
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
  /** Of all that may answer, and those that only the floor has kept out: the dearest. */
  readonly dearest: Ranked
  /** Of the same: the cheapest whose quality is at least this much without looking at the request. */
  readonly cheapestFrom: (quality: number) => Ranked | undefined
}

const [MIN_QUALITY, FLOOR] = [codeOf('min_quality'), codeOf('floor')]

type RankOptions = QualityKnowledge & {
  readonly passed: readonly Passed[]
  readonly question: RouteQuestion
  readonly strategy: Strategy
  readonly expected: Expectation
  /** Whether a candidate has to come near the best one; who names models is not second-guessed. */
  readonly hasFloor: boolean
  readonly minQuality?: number | undefined
  readonly sessionKey?: string | undefined
  readonly cachedTokensAt?: CachedTokensAt | undefined
  /** Of the plan that was quoted: no estimate that has changed since keeps one of them out. */
  readonly kept?: ReadonlySet<Row> | undefined
  readonly tally: FilterTally
}

/** Where the numbers of a candidate stand: those of ScoreInputs in their order (score.ts), then the score. */
const QUALITY = 0
const SD = 1
const COST = 2
const LATENCY = 3
const AVAILABILITY = 4
const CACHED = 5
const SCORE = 6
const WIDTH = 7

/** Candidates as columns. */
type Pool = {
  readonly rows: Row[]
  readonly estimates: QualityEstimate[]
  readonly numbers: Float64Array
  /** Whether the floor has kept it out: 1. */
  readonly isOut: Uint8Array
}

/**
 * Scores what the filters have left, by the strategy's weights against the candidate of the best quality. The floor is taken from
 * cautious qualities on both sides, so the best one always meets it.
 *
 * @returns undefined where none has the quality that was asked for.
 */
export function rankCandidates(options: RankOptions): Ranking | undefined {
  const { strategy, hasFloor } = options
  const pool = measure(options)
  const { rows, numbers } = pool
  if (rows.length === 0) return undefined
  const best = bestOf(pool, strategy.caution)
  const from = best * WIDTH
  const reference = { costPicoUsd: at(numbers, from + COST), latencyMs: at(numbers, from + LATENCY) }
  const least = hasFloor
    ? strategy.floor * cautiousQuality(at(numbers, from + QUALITY), at(numbers, from + SD), strategy.caution)
    : -Infinity
  const passed = scoreAll({ ...options, pool, reference, least })
  return {
    passed,
    best: rankedAt(pool, best),
    reference,
    topOf: (query) => topOf(pool, query),
    dearest: rankedAt(pool, dearestOf(pool)),
    cheapestFrom(quality) {
      const found = cheapestFrom(pool, quality)
      return found < 0 ? undefined : rankedAt(pool, found)
    },
  }
}

const at = (numbers: Float64Array, index: number): number => numbers[index] ?? 0

/** Everything about each candidate that its score needs. A model is estimated once, however many sell it. */
function measure(options: RankOptions): Pool {
  const { passed, minQuality = 0, kept, tally } = options
  const { question, expected, sessionKey, cachedTokensAt, strategy } = options
  const { inputTokens, outputTokens } = expected
  const { latency } = strategy
  const known: (QualityEstimate | undefined)[] = []
  const numbers = new Float64Array(passed.length * WIDTH)
  const rows: Row[] = []
  const estimates: QualityEstimate[] = []
  for (const { row, health } of passed) {
    const estimate = (known[row.modelIndex] ??= estimateQuality({ ...options, model: row.model }))
    if (estimate.quality < minQuality && !kept?.has(row)) {
      tally.hit(MIN_QUALITY, row)
      continue
    }
    const from = rows.length * WIDTH
    rows.push(row)
    estimates.push(estimate)
    const ownBps = row.ownMarginBps
    const margin = 1 + (Number.isNaN(ownBps) ? question.marginBps : ownBps) / 10_000
    const tier = row.hasTiers ? tierOf(row.endpoint.prices, inputTokens) : row
    const writingMs = (outputTokens / health.tokensPerSecond) * 1_000
    numbers[from + QUALITY] = estimate.quality
    numbers[from + SD] = estimate.sd
    numbers[from + COST] = (tier.inputPicoUsd * inputTokens + tier.outputPicoUsd * outputTokens) * margin
    numbers[from + LATENCY] =
      latency === 'answer'
        ? health.firstTokenMs + writingMs
        : latency === 'first-token'
          ? health.firstTokenMs
          : writingMs
    numbers[from + AVAILABILITY] = health.availability
    if (sessionKey === undefined || !cachedTokensAt) continue
    const cached = cachedTokensAt({ sessionKey, endpointId: row.endpointId })
    if (cached > 0)
      numbers[from + CACHED] =
        Math.min(cached, inputTokens) * Math.max(0, tier.inputPicoUsd - tier.cacheReadPicoUsd) * margin
  }
  return { rows, estimates, numbers, isOut: new Uint8Array(rows.length) }
}

function tierOf(prices: Prices | undefined, inputTokens: number) {
  if (!prices) return { inputPicoUsd: 0, outputPicoUsd: 0, cacheReadPicoUsd: 0 }
  const { inputPicoUsd, outputPicoUsd, cacheReadPicoUsd } = bucketsFor({ prices, inputTokens })
  return {
    inputPicoUsd: Number(inputPicoUsd),
    outputPicoUsd: Number(outputPicoUsd),
    cacheReadPicoUsd: Number(cacheReadPicoUsd),
  }
}

/** The best quality that can be relied on; among equals the cheapest, then the first. */
function bestOf({ rows, numbers }: Pool, caution: number): number {
  let best = 0
  let most = -Infinity
  for (let index = 0; index < rows.length; index += 1) {
    const from = index * WIDTH
    const reliable = cautiousQuality(at(numbers, from + QUALITY), at(numbers, from + SD), caution)
    const isCheaper = reliable === most && at(numbers, from + COST) < at(numbers, best * WIDTH + COST)
    if (reliable > most || isCheaper) {
      best = index
      most = reliable
    }
  }
  return best
}

/** Writes every score. @returns how many are not below the floor. */
function scoreAll({
  pool: { rows, numbers, isOut },
  reference,
  least,
  strategy,
  kept,
  tally,
}: RankOptions & { pool: Pool; reference: Reference; least: number }): number {
  let passed = 0
  for (let index = 0; index < rows.length; index += 1) {
    const row = rows[index]
    if (!row) continue
    const from = index * WIDTH
    const reliable = cautiousQuality(at(numbers, from + QUALITY), at(numbers, from + SD), strategy.caution)
    const isBelow = reliable < least
    if (isBelow && !kept?.has(row)) {
      tally.hit(FLOOR, row)
      isOut[index] = 1
      continue
    }
    numbers[from + SCORE] = quickScore(numbers, from, reference, strategy)
    passed += 1
  }
  return passed
}

function rankedAt({ rows, estimates, numbers }: Pool, index: number): Ranked {
  const [row, estimate] = [rows[index], estimates[index]]
  if (!row || !estimate) throw new RangeError('There is no such candidate.')
  const from = index * WIDTH
  return {
    row,
    estimate,
    inputs: {
      quality: at(numbers, from + QUALITY),
      sd: at(numbers, from + SD),
      costPicoUsd: at(numbers, from + COST),
      latencyMs: at(numbers, from + LATENCY),
      availability: at(numbers, from + AVAILABILITY),
      cachedPicoUsd: at(numbers, from + CACHED),
    },
    score: at(numbers, from + SCORE),
  }
}

function dearestOf({ rows, numbers }: Pool): number {
  let dearest = 0
  for (let index = 1; index < rows.length; index += 1)
    if (at(numbers, index * WIDTH + COST) > at(numbers, dearest * WIDTH + COST)) dearest = index
  return dearest
}

/** @returns -1 where there is none. */
function cheapestFrom({ estimates, numbers }: Pool, quality: number): number {
  let cheapest = -1
  for (let index = 0; index < estimates.length; index += 1) {
    // Two numbers first: what follows is dearer.
    if (cheapest >= 0 && at(numbers, index * WIDTH + COST) >= at(numbers, cheapest * WIDTH + COST)) continue
    const estimate = estimates[index]
    if (estimate && shareOf(estimate.terms.prior) >= quality) cheapest = index
  }
  return cheapest
}

function topOf(
  pool: Pool,
  { most, placeOf, modelIndex }: { most: number; placeOf?: PlaceOf | undefined; modelIndex?: number },
): readonly Ranked[] {
  const { rows, numbers, isOut } = pool
  const top: { readonly index: number; readonly place: number; readonly score: number }[] = []
  for (let index = 0; index < rows.length; index += 1) {
    const row = rows[index]
    if (!row || isOut[index] === 1) continue
    if (modelIndex !== undefined && row.modelIndex !== modelIndex) continue
    const place = placeOf?.(row) ?? 0
    const score = at(numbers, index * WIDTH + SCORE)
    let to = top.length
    for (; to > 0; to -= 1) {
      const before = top[to - 1]
      if (!before || before.place < place) break
      if (before.place === place && before.score >= score) break
    }
    if (to < most) {
      top.splice(to, 0, { index, place, score })
      if (top.length > most) top.pop()
    }
  }
  return top.map(({ index }) => rankedAt(pool, index))
}
