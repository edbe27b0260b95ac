import type { Prices } from '../catalog/types.ts'
import type { Usage } from '../chat/usage.ts'
import { maxBigint, type PicoUsd } from '../lib/money.ts'

/** The dearest bucket of an endpoint: what a token of unknown kind costs at most. */
export function dearestPricePicoUsd(prices: Prices): PicoUsd {
  return Object.values(prices).reduce<PicoUsd>((dearest, price) => maxBigint(dearest, price), 0n)
}

/** The dearest way in which one token of input can be billed: uncached, or written to a cache. */
export function dearestInputPicoUsd(prices: Prices): PicoUsd {
  return [prices.cacheReadPicoUsd, prices.cacheWritePicoUsd].reduce(maxBigint, prices.inputPicoUsd)
}

/**
 * What the provider bills us: tokens times price per bucket, exact, nothing rounded.
 *
 * @example costOf({ usage: { ...NO_USAGE, outputText: 100 }, prices }) // 100n * prices.outputPicoUsd
 */
export function costOf({ usage, prices }: { usage: Usage; prices: Prices }): PicoUsd {
  const unknown = dearestPricePicoUsd(prices)
  return (
    BigInt(usage.inputUncached) * prices.inputPicoUsd +
    BigInt(usage.cacheRead) * prices.cacheReadPicoUsd +
    BigInt(usage.cacheWrite) * prices.cacheWritePicoUsd +
    BigInt(usage.outputText + usage.reasoning) * prices.outputPicoUsd +
    BigInt(usage.images) * (prices.imagePicoUsd ?? unknown) +
    BigInt(usage.audio) * (prices.audioPicoUsd ?? unknown)
  )
}
