import type { findProvider } from '@pydantic/genai-prices'
import type { EndpointRow, PriceRow, TierRow } from '../../src/catalog/catalog-file.ts'
import { divideUp } from '../../src/lib/money.ts'

export type Offer = NonNullable<ReturnType<typeof findProvider>>['models'][number]
type SourcePrice = Exclude<Offer['prices'], readonly unknown[]>
type Value = NonNullable<SourcePrice[string]>

/** Buckets that a token call has, by the source's names. */
const BUCKETS = {
  input: 'input_mtok',
  cacheRead: 'cache_read_mtok',
  cacheWrite: 'cache_write_mtok',
  cacheWriteHour: 'cache_write_1h_mtok',
  output: 'output_mtok',
  reasoning: 'output_reasoning_mtok',
  image: 'output_image_mtok',
  audio: 'input_audio_mtok',
} as const satisfies Record<keyof PriceRow, string>

/** Named by the source and never billed here: the tools, outputs and inputs that would cause them are refused. */
const NOT_SOLD: readonly string[] = [
  'web_searches_kcount',
  'storage_searches_kcount',
  'cache_audio_read_mtok',
  'output_audio_mtok',
  'input_image_mtok',
  'cache_image_read_mtok',
  'input_video_mtok',
]

/**
 * USD per million tokens as whole pico-USD per token, rounded up. Twelve decimals undo the noise of the source's floats.
 *
 * @example picoUsdPerToken(0.15) // 150_000
 */
export function picoUsdPerToken(usdPerMillion: number): number {
  const [whole = '0', decimals = ''] = usdPerMillion.toFixed(12).split('.')
  return Number(divideUp({ dividend: BigInt(whole + decimals), divisor: 1_000_000n }))
}

/** What a bucket costs a call whose input is larger than `above`. */
function priceAt(value: Value, above: number): number {
  if (typeof value === 'number') return value
  return value.tiers.reduce((price, tier) => (tier.start <= above ? tier.price : price), value.base)
}

function rowAt(price: SourcePrice, above: number): PriceRow {
  const row: Partial<Record<keyof PriceRow, number>> = {}
  for (const [bucket, key] of Object.entries(BUCKETS) as [keyof PriceRow, string][]) {
    const value = price[key]
    if (value !== undefined) row[bucket] = picoUsdPerToken(priceAt(value, above))
  }
  return { ...row, input: row.input ?? 0, output: row.output ?? 0 }
}

const tierStarts = (price: SourcePrice): readonly number[] => {
  const starts = Object.values(price).flatMap((value) =>
    typeof value === 'object' ? value.tiers.map(({ start }) => start) : [],
  )
  return [...new Set(starts)].toSorted((a, b) => a - b)
}

/** Of two prices the dearer, bucket by bucket. */
function dearer(one: SourcePrice, other: SourcePrice): SourcePrice {
  const merged: Record<string, Value | undefined> = { ...one, ...other }
  for (const [key, value] of Object.entries(one)) {
    const second = other[key]
    if (typeof value === 'number' && typeof second === 'number') merged[key] = Math.max(value, second)
  }
  return merged
}

/**
 * The price that is in force on a day. Of hours of the day the dearest counts: a price is asked before the call, and the
 * catalogue has no clock.
 */
export function priceOn({ prices, date }: { prices: Offer['prices']; date: string }): SourcePrice {
  if (!Array.isArray(prices)) return prices
  let dated: SourcePrice = {}
  let hourly: SourcePrice | undefined
  for (const { constraint, prices: price } of prices) {
    if (!constraint) dated = price
    else if (constraint.type === 'time_of_date') hourly = hourly ? dearer(hourly, price) : price
    else if (constraint.start_date <= date) dated = price
  }
  return hourly ? dearer(dated, hourly) : dated
}

/** The row of an offer's prices; undefined where the source has none, or bills something that is not a token. */
export function priceRowOf({
  offer,
  date,
}: {
  offer: Pick<Offer, 'prices'>
  date: string
}): EndpointRow['prices'] {
  const price = priceOn({ prices: offer.prices, date })
  const known: readonly string[] = [...Object.values(BUCKETS), ...NOT_SOLD]
  if (price['input_mtok'] === undefined || Object.keys(price).some((key) => !known.includes(key)))
    return undefined
  const tiers = tierStarts(price).map((above): TierRow => ({ above, ...rowAt(price, above) }))
  return { ...rowAt(price, 0), ...(tiers.length > 0 ? { tiers } : {}) }
}
