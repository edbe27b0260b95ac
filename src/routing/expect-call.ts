import type { Prices } from '../catalog/types.ts'
import { bucketsFor } from '../pricing/tier.ts'
import type { Row } from './endpoint-table.ts'
import type { EndpointHealth } from './health/endpoint-health.ts'
import type { RouteQuestion } from './route-question.ts'
import type { ScoreSheet } from './score-sheet.ts'
import type { LatencyMeasure, Strategy } from './strategies.ts'

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
  row,
  health,
  setting,
  sheet: { ofRow },
}: {
  row: Row
  health: EndpointHealth
  setting: CallSetting
  sheet: ScoreSheet
}): void {
  const { place, ownMarginBps } = row
  const { question, strategy, expected } = setting
  const { inputTokens, outputTokens } = expected
  const tier = row.hasTiers ? tierOf(row.endpoint.prices, inputTokens) : row
  const margin = 1 + (Number.isNaN(ownMarginBps) ? question.marginBps : ownMarginBps) / 10_000
  const cached = Math.min(cachedTokens(row, setting), inputTokens)
  ofRow.costPicoUsd[place] = (tier.inputPicoUsd * inputTokens + tier.outputPicoUsd * outputTokens) * margin
  ofRow.cachedPicoUsd[place] = cached * Math.max(0, tier.inputPicoUsd - tier.cacheReadPicoUsd) * margin
  ofRow.latencyMs[place] = latencyOf({ measure: strategy.latency, health, outputTokens })
  ofRow.availability[place] = health.availability
}

function latencyOf({
  measure,
  health: { firstTokenMs, tokensPerSecond },
  outputTokens,
}: {
  measure: LatencyMeasure
  health: EndpointHealth
  outputTokens: number
}): number {
  if (measure === 'first-token') return firstTokenMs
  const writingMs = (outputTokens / tokensPerSecond) * 1_000
  return measure === 'answer' ? firstTokenMs + writingMs : writingMs
}

const cachedTokens = ({ endpointId }: Row, { sessionKey, cachedTokensAt }: CallSetting): number =>
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
