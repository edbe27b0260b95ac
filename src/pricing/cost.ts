import type { PriceBuckets, Prices } from '../catalog/types.ts'
import { inputTokens, type Usage } from '../chat/usage.ts'
import { maxBigint, type PicoUsd } from '../lib/money.ts'
import { bucketsFor } from './tier.ts'

const dearest = (prices: readonly (PicoUsd | undefined)[]): PicoUsd =>
  prices.reduce<PicoUsd>((most, price) => maxBigint(most, price ?? 0n), 0n)

/** The dearest bucket of a set of prices: what a token of unknown kind costs at most. */
export function dearestPricePicoUsd(prices: PriceBuckets): PicoUsd {
  return dearest([
    prices.inputPicoUsd,
    prices.cacheReadPicoUsd,
    prices.cacheWritePicoUsd,
    prices.cacheWriteHourPicoUsd,
    prices.outputPicoUsd,
    prices.reasoningPicoUsd,
    prices.imagePicoUsd,
    prices.audioPicoUsd,
  ])
}

/** What of an input has a price of its own, where there is some. */
export type DearInput = {
  readonly hasAudio?: boolean
  /** Whether something is to be kept in a cache for an hour. */
  readonly hasHourCache?: boolean
}

/** The dearest way in which one token of input can be billed: uncached, or written to a cache; or as audio, where there is some. */
export function dearestInputPicoUsd(
  prices: PriceBuckets,
  { hasAudio = false, hasHourCache = false }: DearInput = {},
): PicoUsd {
  const orUnknown = (price: PicoUsd | undefined) => price ?? dearestPricePicoUsd(prices)
  return dearest([
    prices.inputPicoUsd,
    prices.cacheReadPicoUsd,
    prices.cacheWritePicoUsd,
    hasHourCache ? orUnknown(prices.cacheWriteHourPicoUsd) : undefined,
    hasAudio ? orUnknown(prices.audioPicoUsd) : undefined,
  ])
}

/** The dearest way in which one token of output can be billed: text, reasoning, or an image where it has a price. */
export function dearestOutputPicoUsd(prices: PriceBuckets): PicoUsd {
  return dearest([prices.outputPicoUsd, prices.reasoningPicoUsd, prices.imagePicoUsd])
}

/**
 * What the provider bills us: tokens times price per bucket, exact, nothing rounded. The length of the input chooses the tier.
 *
 * @example costOf({ usage: { ...NO_USAGE, outputText: 100 }, prices }) // 100n * prices.outputPicoUsd
 */
export function costOf({ usage, prices }: { usage: Usage; prices: Prices }): PicoUsd {
  const buckets = bucketsFor({ prices, inputTokens: inputTokens(usage) + usage.audio })
  const unknown = dearestPricePicoUsd(buckets)
  return (
    BigInt(usage.inputUncached) * buckets.inputPicoUsd +
    BigInt(usage.cacheRead) * buckets.cacheReadPicoUsd +
    BigInt(usage.cacheWrite) * buckets.cacheWritePicoUsd +
    BigInt(usage.cacheWriteHour) * (buckets.cacheWriteHourPicoUsd ?? unknown) +
    BigInt(usage.outputText) * buckets.outputPicoUsd +
    BigInt(usage.reasoning) * (buckets.reasoningPicoUsd ?? buckets.outputPicoUsd) +
    BigInt(usage.images) * (buckets.imagePicoUsd ?? unknown) +
    BigInt(usage.audio) * (buckets.audioPicoUsd ?? unknown)
  )
}
