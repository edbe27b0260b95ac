import type { PriceTier, Row, TokenPrices } from './endpoint-table.ts'
import type { EndpointHealth } from './health/endpoint-health.ts'
import type { RouteQuestion } from './route-question.ts'
import type { ScoreSheet } from './score-sheet.ts'
import type { Strategy } from './strategies.ts'

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

/** Puts on the sheet what a call is expected to cost at an endpoint, how long it takes there, and how likely it is answered. */
export function expectCall({
  index,
  row,
  health,
  setting,
  sheet: { ofCandidate },
}: {
  /** Of the candidate. */
  index: number
  row: Row
  health: EndpointHealth
  setting: CallSetting
  sheet: ScoreSheet
}): void {
  const { question, strategy, expected } = setting
  const { inputTokens, outputTokens } = expected
  const prices = (row.tiers && tierFor(row.tiers, inputTokens)) ?? row
  const margin = 1 + (row.ownMarginBps ?? question.marginBps) / 10_000
  const cached = Math.min(cachedTokens(row, setting), inputTokens)
  ofCandidate.costPicoUsd[index] =
    (prices.inputPicoUsd * inputTokens + prices.outputPicoUsd * outputTokens) * margin
  ofCandidate.cachedPicoUsd[index] =
    cached * Math.max(0, prices.inputPicoUsd - prices.cacheReadPicoUsd) * margin
  const startMs = strategy.latency === 'throughput' ? 0 : health.firstTokenMs
  const writingMs = strategy.latency === 'first-token' ? 0 : (outputTokens / health.tokensPerSecond) * 1_000
  ofCandidate.latencyMs[index] = startMs + writingMs
  ofCandidate.availability[index] = health.availability
}

const cachedTokens = ({ endpointId }: Row, { sessionKey, cachedTokensAt }: CallSetting): number =>
  sessionKey === undefined || !cachedTokensAt ? 0 : Math.max(0, cachedTokensAt({ sessionKey, endpointId }))

/** The last tier whose threshold the input is above, if any (pricing/tier.ts). */
const tierFor = (tiers: readonly PriceTier[], inputTokens: number): TokenPrices | undefined =>
  tiers.findLast(({ aboveInputTokens }) => inputTokens > aboveInputTokens)
