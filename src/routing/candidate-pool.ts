import type { Prices } from '../catalog/types.ts'
import { bucketsFor } from '../pricing/tier.ts'
import type { Row, Shelf } from './endpoint-table.ts'
import { estimateColumns, estimateQuality, type QualityKnowledge } from './estimate-quality.ts'
import { PASSES } from './filter-reasons.ts'
import type { EndpointHealth, HealthView } from './health/endpoint-health.ts'
import type { QualityEstimate } from './quality-view.ts'
import type { RouteQuestion } from './route-question.ts'
import { cautiousQuality, type ScoreInputs } from './score.ts'
import type { Strategy } from './strategies.ts'

/** What the cost and the time of a candidate are expected from. */
export type Expectation = { readonly inputTokens: number; readonly outputTokens: number }

/** Tokens of an input that an endpoint has in its cache, by conversation. */
export type CachedTokensAt = (query: { readonly sessionKey: string; readonly endpointId: string }) => number

export type PoolOptions = {
  readonly shelf: Shelf
  /** The hard filters: the code of what is against an endpoint, PASSES where nothing is. */
  readonly reasonAt: (row: Row) => number
  readonly knowledge: QualityKnowledge
  readonly question: RouteQuestion
  readonly strategy: Strategy
  readonly health: HealthView
  readonly expected: Expectation
  readonly minQuality?: number | undefined
  readonly sessionKey?: string | undefined
  readonly cachedTokensAt?: CachedTokensAt | undefined
  /** Of the plan that was quoted: no estimate and no failure since keeps one of them out. */
  readonly kept?: ReadonlySet<Row> | undefined
}

/** Who fits, is good enough and may be asked now. */
export type Candidate = {
  readonly row: Row
  readonly estimate: QualityEstimate
  /** The quality that can be relied on. */
  readonly reliable: number
  readonly inputs: ScoreInputs
}

/**
 * Models in the order of the quality that can be relied on, opened one after the other. A choice has hundreds of endpoints before it and
 * looks at a few: filters, health and cost of a model that is not good enough are never asked for.
 */
export type CandidatePool = {
  readonly candidates: readonly Candidate[]
  /** What is known of those that may not be asked now. */
  readonly resting: ReadonlyMap<Row, EndpointHealth>
  /** Opens the best models that are still closed; of the same quality all at once. @returns false where none is left. */
  readonly openBest: () => boolean
  /** Opens all that can be relied on for this much, and those that were kept. */
  readonly openFrom: (reliable: number) => void
  /** Of the endpoint's model: its quality, and the log-odds of it without the words of the request. */
  readonly qualityOf: (row: Row) => number
  readonly priorOf: (row: Row) => number
}

export function createCandidatePool(options: PoolOptions): CandidatePool {
  const { shelf, knowledge, minQuality = 0, kept, strategy, reasonAt } = options
  const { groups, models } = shelf
  const columns = estimateColumns(models, knowledge)
  const { quality, sd } = columns
  /** By group: -Infinity where it has been opened, or is below what was asked for. */
  const closed = new Float64Array(groups.length)
  const candidates: Candidate[] = []
  const resting = new Map<Row, EndpointHealth>()

  for (let index = 0; index < groups.length; index += 1) {
    const own = quality[index] ?? 0
    closed[index] = own >= minQuality ? cautiousQuality(own, sd[index] ?? 0, strategy.caution) : -Infinity
  }

  function look(row: Row, estimate: QualityEstimate): void {
    const { health, expected } = options
    const { endpointId, providerId } = row
    const found = health.of({ endpointId, providerId, inputTokens: expected.inputTokens })
    const isResting = found.circuit === 'open' || found.retryAtMs !== undefined
    if (isResting && !kept?.has(row)) resting.set(row, found)
    else candidates.push(candidateOf({ row, health: found, estimate, options }))
  }

  function open(index: number): void {
    closed[index] = -Infinity
    const group = groups[index] ?? []
    const fitting = group.filter((row) => reasonAt(row) === PASSES)
    const [first] = fitting
    if (!first) return
    const estimate = estimateQuality(first.model, knowledge)
    for (const row of fitting) look(row, estimate)
  }

  return {
    candidates,
    resting,
    openBest() {
      let most = -Infinity
      for (const one of closed) if (one > most) most = one
      if (most === -Infinity) return false
      for (let index = 0; index < closed.length; index += 1) if (closed[index] === most) open(index)
      return true
    },
    openFrom(reliable) {
      for (let index = 0; index < closed.length; index += 1) {
        const one = closed[index] ?? -Infinity
        if (one >= reliable && one > -Infinity) open(index)
      }
      for (const row of kept ?? []) {
        const isLeft = candidates.every((one) => one.row !== row) && reasonAt(row) === PASSES
        if (isLeft) look(row, estimateQuality(row.model, knowledge))
      }
    },
    qualityOf: ({ modelIndex }) => at(quality, at(shelf.groupOf, modelIndex)),
    priorOf: ({ modelIndex }) => at(columns.prior, at(shelf.groupOf, modelIndex)),
  }
}

const at = (numbers: Float64Array | Int32Array, index: number): number => numbers[index] ?? 0

const reliableOf = ({ quality, sd }: QualityEstimate, { caution }: Strategy): number =>
  cautiousQuality(quality, sd, caution)

function candidateOf({
  row,
  health: { firstTokenMs, tokensPerSecond, availability },
  estimate,
  options,
}: {
  row: Row
  health: EndpointHealth
  estimate: QualityEstimate
  options: PoolOptions
}): Candidate {
  const { expected, strategy, question } = options
  const { inputTokens, outputTokens } = expected
  const writingMs = (outputTokens / tokensPerSecond) * 1_000
  const { latency } = strategy
  const tier = row.hasTiers ? tierOf(row.endpoint.prices, inputTokens) : row
  const ownBps = row.ownMarginBps
  const margin = 1 + (Number.isNaN(ownBps) ? question.marginBps : ownBps) / 10_000
  const cached = Math.min(cachedTokens(row, options), inputTokens)
  return {
    row,
    estimate,
    reliable: reliableOf(estimate, strategy),
    inputs: {
      quality: estimate.quality,
      sd: estimate.sd,
      costPicoUsd: (tier.inputPicoUsd * inputTokens + tier.outputPicoUsd * outputTokens) * margin,
      latencyMs:
        latency === 'answer'
          ? firstTokenMs + writingMs
          : latency === 'first-token'
            ? firstTokenMs
            : writingMs,
      availability,
      cachedPicoUsd: cached * Math.max(0, tier.inputPicoUsd - tier.cacheReadPicoUsd) * margin,
    },
  }
}

const cachedTokens = ({ endpointId }: Row, { sessionKey, cachedTokensAt }: PoolOptions): number =>
  sessionKey === undefined || !cachedTokensAt ? 0 : Math.max(0, cachedTokensAt({ sessionKey, endpointId }))

function tierOf(prices: Prices | undefined, inputTokens: number) {
  if (!prices) return { inputPicoUsd: 0, outputPicoUsd: 0, cacheReadPicoUsd: 0 }
  const { inputPicoUsd, outputPicoUsd, cacheReadPicoUsd } = bucketsFor({ prices, inputTokens })
  return {
    inputPicoUsd: Number(inputPicoUsd),
    outputPicoUsd: Number(outputPicoUsd),
    cacheReadPicoUsd: Number(cacheReadPicoUsd),
  }
}
