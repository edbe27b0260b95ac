import type { PriceTier } from '../table/endpoint-row.ts'
import type { EndpointTable } from '../table/endpoint-table.ts'
import type { HealthColumns } from '../health/endpoint-health.ts'
import type { RouteQuestion } from '../filters/route-question.ts'
import type { ScoreSheet } from './score-sheet.ts'
import type { Strategy } from '../overrides/strategies.ts'

/** What the cost and the time of a candidate are expected from. */
export type Expectation = { readonly inputTokens: number; readonly outputTokens: number }

/** Tokens of an input that an endpoint has in its cache, by conversation. */
export type CachedTokensAt = (query: { readonly sessionKey: string; readonly endpointId: string }) => number

export type CallSetting = {
  readonly question: Pick<RouteQuestion, 'marginBps'>
  readonly strategy: Pick<Strategy, 'latency'>
  readonly expected: Expectation
  readonly sessionKey?: string | undefined
  readonly cachedTokensAt?: CachedTokensAt | undefined
}

/**
 * Puts on the sheet what a call is expected to cost at each candidate, how long it takes there, and how likely it is answered.
 *
 * @param candidates numbers of the table.
 */
export function expectCalls({
  candidates,
  table: { columns, endpointIds },
  health,
  setting: { question, strategy, expected, sessionKey, cachedTokensAt },
  sheet: { ofCandidate },
}: {
  candidates: readonly number[]
  table: Pick<EndpointTable, 'columns' | 'endpointIds'>
  health: HealthColumns
  setting: CallSetting
  sheet: ScoreSheet
}): void {
  const { inputTokens, outputTokens } = expected
  const { costPicoUsd, cachedPicoUsd, latencyMs, availability } = ofCandidate
  const usualMargin = 1 + question.marginBps / 10_000
  const countsStart = strategy.latency !== 'throughput'
  const countsWriting = strategy.latency !== 'first-token'
  cachedPicoUsd.fill(0, 0, candidates.length)
  for (let index = 0; index < candidates.length; index += 1) {
    const number = candidates[index]!
    const tiers = columns.tiers[number]
    const tier = tiers && tierFor(tiers, inputTokens)
    const inputPicoUsd = tier ? tier.inputPicoUsd : columns.inputPicoUsd[number]!
    const outputPicoUsd = tier ? tier.outputPicoUsd : columns.outputPicoUsd[number]!
    const own = columns.ownMarginBps[number]!
    const margin = Number.isNaN(own) ? usualMargin : 1 + own / 10_000
    costPicoUsd[index] = (inputPicoUsd * inputTokens + outputPicoUsd * outputTokens) * margin
    if (sessionKey !== undefined && cachedTokensAt) {
      const cached = Math.max(0, cachedTokensAt({ sessionKey, endpointId: endpointIds[number]! }))
      const savedPicoUsd = inputPicoUsd - (tier ? tier.cacheReadPicoUsd : columns.cacheReadPicoUsd[number]!)
      cachedPicoUsd[index] = Math.min(cached, inputTokens) * Math.max(0, savedPicoUsd) * margin
    }
    const startMs = countsStart ? health.firstTokenMs[number]! : 0
    const writingMs = countsWriting ? (outputTokens / health.tokensPerSecond[number]!) * 1_000 : 0
    latencyMs[index] = startMs + writingMs
    availability[index] = health.availability[number]!
  }
}

/** The last tier whose threshold the input is above, if any (pricing/tier.ts). */
const tierFor = (tiers: readonly PriceTier[], inputTokens: number): PriceTier | undefined =>
  tiers.findLast(({ aboveInputTokens }) => inputTokens > aboveInputTokens)
