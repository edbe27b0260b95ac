import type { Prices } from '../catalog/types.ts'
import { bucketsFor } from '../pricing/tier.ts'
import type { Row } from './endpoint-table.ts'
import type { FilterTally, Passed } from './filter-candidates.ts'
import { codeOf } from './filter-reasons.ts'
import { boundedEstimate, type Features, type QualityEstimate, type QualityView } from './quality-view.ts'
import type { RouteQuestion } from './route-question.ts'
import { cautiousQuality, quickScore, type Reference, type ScoreInputs } from './score.ts'
import type { Strategy } from './strategies.ts'

/** A candidate with what its score is made of, and the score. */
export type Ranked = {
  readonly row: Row
  readonly inputs: ScoreInputs
  readonly estimate: QualityEstimate
  score: number
}

/** What the cost and the time of a candidate are expected from. */
export type Expectation = { readonly inputTokens: number; readonly outputTokens: number }

/** Tokens of an input that an endpoint has in its cache, by conversation. */
export type CachedTokensAt = (query: { readonly sessionKey: string; readonly endpointId: string }) => number

export type Ranking = {
  /** All that may answer, in no order. */
  readonly candidates: readonly Ranked[]
  /** These, and those that only the floor has kept out. */
  readonly able: readonly Ranked[]
  /** Whose cost and time the others are held against: the one with the best quality that can be relied on. */
  readonly best: Ranked
  readonly reference: Reference
}

const [MIN_QUALITY, FLOOR] = [codeOf('min_quality'), codeOf('floor')]

type RankOptions = {
  readonly passed: readonly Passed[]
  readonly question: RouteQuestion
  readonly strategy: Strategy
  readonly quality: QualityView
  readonly features?: Features | undefined
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

/**
 * Scores what the filters have left, by the strategy's weights against the candidate of the best quality. The floor is taken from
 * cautious qualities on both sides, so the best one always meets it.
 *
 * @returns undefined where none has the quality that was asked for.
 */
export function rankCandidates(options: RankOptions): Ranking | undefined {
  const { strategy, hasFloor, kept, tally } = options
  const { caution } = strategy
  const able = measured(options)
  const best = bestOf(able, caution)
  if (!best) return undefined
  const reference = { costPicoUsd: best.inputs.costPicoUsd, latencyMs: best.inputs.latencyMs }
  const least = hasFloor
    ? strategy.floor * cautiousQuality(best.inputs.quality, best.inputs.sd, caution)
    : -Infinity
  const candidates: Ranked[] = []
  for (const one of able) {
    const isBelow = cautiousQuality(one.inputs.quality, one.inputs.sd, caution) < least
    if (isBelow && !kept?.has(one.row)) {
      tally.hit(FLOOR, one.row)
      continue
    }
    one.score = quickScore(one.inputs, reference, strategy)
    candidates.push(one)
  }
  return { candidates, able, best, reference }
}

/** Everything about each candidate that its score needs. A model is estimated once, however many sell it. */
function measured(options: RankOptions): Ranked[] {
  const { passed, quality, features, minQuality = 0, kept, tally } = options
  const estimates: (QualityEstimate | undefined)[] = []
  const able: Ranked[] = []
  for (const one of passed) {
    const { row } = one
    const estimate = (estimates[row.modelIndex] ??= boundedEstimate(
      quality.of(features ? { model: row.model, features } : { model: row.model }),
    ))
    if (estimate.quality < minQuality && !kept?.has(row)) tally.hit(MIN_QUALITY, row)
    else able.push({ row, estimate, inputs: inputsOf(one, estimate, options), score: 0 })
  }
  return able
}

function inputsOf({ row, health }: Passed, estimate: QualityEstimate, options: RankOptions): ScoreInputs {
  const { expected, strategy, sessionKey, cachedTokensAt, question } = options
  const margin = 1 + (row.endpoint.marginBps ?? question.marginBps) / 10_000
  const tier = row.hasTiers ? tierOf(row.endpoint.prices, expected.inputTokens) : row
  const cached =
    sessionKey !== undefined && cachedTokensAt
      ? cachedTokensAt({ sessionKey, endpointId: row.endpoint.id })
      : 0
  const writingMs = (expected.outputTokens / health.tokensPerSecond) * 1_000
  return {
    quality: estimate.quality,
    sd: estimate.sd,
    costPicoUsd:
      (tier.inputPicoUsd * expected.inputTokens + tier.outputPicoUsd * expected.outputTokens) * margin,
    latencyMs:
      strategy.latency === 'answer'
        ? health.firstTokenMs + writingMs
        : strategy.latency === 'first-token'
          ? health.firstTokenMs
          : writingMs,
    availability: health.availability,
    cachedPicoUsd:
      cached > 0
        ? Math.min(cached, expected.inputTokens) *
          Math.max(0, tier.inputPicoUsd - tier.cacheReadPicoUsd) *
          margin
        : 0,
  }
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
function bestOf(able: readonly Ranked[], caution: number): Ranked | undefined {
  let best: Ranked | undefined
  let most = -Infinity
  for (const one of able) {
    const reliable = cautiousQuality(one.inputs.quality, one.inputs.sd, caution)
    const isCheaper = best && reliable === most && one.inputs.costPicoUsd < best.inputs.costPicoUsd
    if (reliable > most || isCheaper) {
      best = one
      most = reliable
    }
  }
  return best
}

/**
 * The first few by score, and where scores are equal in the table's order, which is by price.
 *
 * @param placeOf what comes before any score: the smaller place is tried first.
 */
export function topOf(
  candidates: readonly Ranked[],
  count: number,
  placeOf: (one: Ranked) => number = () => 0,
): readonly Ranked[] {
  const top: { one: Ranked; place: number }[] = []
  for (const one of candidates) {
    const place = placeOf(one)
    let at = top.length
    for (; at > 0; at -= 1) {
      const before = top[at - 1]
      if (!before || before.place < place) break
      if (before.place === place && before.one.score >= one.score) break
    }
    if (at < count) {
      top.splice(at, 0, { one, place })
      if (top.length > count) top.pop()
    }
  }
  return top.map(({ one }) => one)
}
