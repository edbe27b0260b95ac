import type { PriceBuckets, Prices } from '../catalog/types.ts'

/**
 * What every token of a call costs, given the length of its input: the last tier whose threshold the input is above, else
 * the base prices.
 *
 * @param inputTokens as the provider counts them: uncached, read from and written to a cache.
 * @example bucketsFor({ prices, inputTokens: 200_001 }) // the tier above 200,000
 */
export function bucketsFor({ prices, inputTokens }: { prices: Prices; inputTokens: number }): PriceBuckets {
  return prices.tiers?.findLast(({ aboveInputTokens }) => inputTokens > aboveInputTokens) ?? prices
}

/** Every set of prices that an input up to this bound can end in; a later tier need not be the dearer one. */
export function bucketsUpTo({
  prices,
  inputBoundTokens,
}: {
  prices: Prices
  inputBoundTokens: number
}): readonly PriceBuckets[] {
  const tiers = prices.tiers ?? []
  return [prices, ...tiers.filter(({ aboveInputTokens }) => inputBoundTokens > aboveInputTokens)]
}
