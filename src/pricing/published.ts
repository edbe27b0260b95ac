import type { Prices } from '../catalog/types.ts'
import { inputTokens, type Usage } from '../chat/usage.ts'
import type { PicoUsd } from '../lib/money.ts'
import { addMargin } from './charge.ts'
import { dearestPricePicoUsd } from './cost.ts'
import { bucketsFor } from './tier.ts'

/**
 * What a token of each kind costs the caller, margin included, as GET /v1/models publishes it for an input of this length. Each is
 * rounded up by itself, so that usage times these is never below the charge.
 */
export function publishedPrices({
  usage,
  prices,
  marginBps,
}: {
  usage: Usage
  prices: Prices
  marginBps: number
}): Readonly<Record<keyof Usage, PicoUsd>> {
  const buckets = bucketsFor({ prices, inputTokens: inputTokens(usage) + usage.audio })
  const unknown = dearestPricePicoUsd(buckets)
  const priced = (costPicoUsd: PicoUsd) => addMargin({ costPicoUsd, marginBps })
  return {
    inputUncached: priced(buckets.inputPicoUsd),
    cacheRead: priced(buckets.cacheReadPicoUsd),
    cacheWrite: priced(buckets.cacheWritePicoUsd),
    cacheWriteHour: priced(buckets.cacheWriteHourPicoUsd ?? unknown),
    outputText: priced(buckets.outputPicoUsd),
    reasoning: priced(buckets.reasoningPicoUsd ?? buckets.outputPicoUsd),
    images: priced(buckets.imagePicoUsd ?? unknown),
    audio: priced(buckets.audioPicoUsd ?? unknown),
  }
}
