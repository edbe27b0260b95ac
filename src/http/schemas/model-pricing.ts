import type { Endpoint, PriceBuckets, Source } from '../../catalog/types.ts'
import { formatUsd } from '../../lib/money.ts'
import { addMargin } from '../../pricing/charge.ts'
import { marginOf } from '../../pricing/margin.ts'

/** USD per token, margin included, as OpenRouter writes them; a bucket without a price of its own is left out. */
export function pricingForWire({
  endpoint,
  marginBps: usual,
}: {
  endpoint: Endpoint
  marginBps: number
}): Readonly<Record<string, unknown>> | null {
  const { prices } = endpoint
  if (!prices) return null
  const marginBps = marginOf({ endpoint, marginBps: usual })
  const usd = (costPicoUsd: bigint) => formatUsd(addMargin({ costPicoUsd, marginBps }))
  const buckets = (row: PriceBuckets) => ({
    prompt: usd(row.inputPicoUsd),
    completion: usd(row.outputPicoUsd),
    input_cache_read: usd(row.cacheReadPicoUsd),
    input_cache_write: usd(row.cacheWritePicoUsd),
    ...(row.cacheWriteHourPicoUsd === undefined
      ? {}
      : { input_cache_write_1h: usd(row.cacheWriteHourPicoUsd) }),
    ...(row.reasoningPicoUsd === undefined ? {} : { internal_reasoning: usd(row.reasoningPicoUsd) }),
    ...(row.imagePicoUsd === undefined ? {} : { image_output: usd(row.imagePicoUsd) }),
    ...(row.audioPicoUsd === undefined ? {} : { audio: usd(row.audioPicoUsd) }),
  })
  if (!prices.tiers) return buckets(prices)
  return {
    ...buckets(prices),
    tiers: prices.tiers.map((tier) => ({ above_input_tokens: tier.aboveInputTokens, ...buckets(tier) })),
  }
}

export const sourceForWire = (source: Source | 'unknown') =>
  source === 'unknown' ? null : { source: source.source, date: source.date }
