import { blendedPrice, isPriced } from '../../catalog/blended-price.ts'
import type { Endpoint, Model, PriceBuckets } from '../../catalog/types.ts'
import { dearestInputPicoUsd, dearestOutputPicoUsd } from '../../pricing/cost.ts'
import { bucketsUpTo } from '../../pricing/tier.ts'

/** What a token costs at an endpoint in pico-USD; exact, being far below 2^53. */
export type TokenPrices = {
  readonly inputPicoUsd: number
  readonly outputPicoUsd: number
  readonly cacheReadPicoUsd: number
}

/** Prices of inputs above a length. */
export type PriceTier = TokenPrices & { readonly aboveInputTokens: number }

/** One endpoint as the router sees it, its prices as plain numbers. */
export type Row = TokenPrices & {
  /** Of the endpoint in the price book: the same on every server that has the same one. */
  readonly place: number
  /** Of the endpoint in its table's columns, where those of one model lie side by side. */
  readonly number: number
  readonly endpointId: string
  readonly providerId: string
  readonly modelIndex: number
  readonly providerIndex: number
  readonly isPriced: boolean
  readonly isFree: boolean
  /** Absent where it has none of its own. */
  readonly ownMarginBps: number | undefined
  /** Absent where the price is the same for every length. */
  readonly tiers: readonly PriceTier[] | undefined
  readonly endpoint: Endpoint
  readonly model: Model
  /** Of a typical call, to compare endpoints by one number. */
  readonly blendedPicoUsd: number
  /** The dearest ways to bill a token, over every tier. */
  readonly dearestInputPicoUsd: number
  readonly dearestOutputPicoUsd: number
}

const NO_PRICES = {
  isPriced: false,
  isFree: false,
  inputPicoUsd: 0,
  outputPicoUsd: 0,
  cacheReadPicoUsd: 0,
  tiers: undefined,
  blendedPicoUsd: 0,
  dearestInputPicoUsd: 0,
  dearestOutputPicoUsd: 0,
}

/** The prices of an endpoint; nothing but zeros where none is known. */
export function rowPrices(endpoint: Endpoint) {
  if (!isPriced(endpoint)) return NO_PRICES
  const { prices } = endpoint
  const all = bucketsUpTo({ prices, inputBoundTokens: Number.MAX_SAFE_INTEGER })
  const blended = blendedPrice(endpoint)
  return {
    isPriced: true,
    isFree: blended === 0n,
    ...tokenPrices(prices),
    tiers: prices.tiers?.map((tier) => ({ aboveInputTokens: tier.aboveInputTokens, ...tokenPrices(tier) })),
    blendedPicoUsd: Number(blended),
    dearestInputPicoUsd: Math.max(...all.map((buckets) => Number(dearestInputPicoUsd(buckets)))),
    dearestOutputPicoUsd: Math.max(...all.map((buckets) => Number(dearestOutputPicoUsd(buckets)))),
  }
}

const tokenPrices = ({ inputPicoUsd, outputPicoUsd, cacheReadPicoUsd }: PriceBuckets): TokenPrices => ({
  inputPicoUsd: Number(inputPicoUsd),
  outputPicoUsd: Number(outputPicoUsd),
  cacheReadPicoUsd: Number(cacheReadPicoUsd),
})
