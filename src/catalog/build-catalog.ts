import { createHash } from 'node:crypto'
import type { Catalog, Endpoint, Model, PriceBuckets, Prices } from './types.ts'

/** Every bucket by its name, so that two catalogues with one price book charge alike in every case. */
const namesOf = (buckets: PriceBuckets) =>
  Object.entries(buckets)
    .filter(([, price]) => typeof price !== 'object')
    .map(([name, price]) => `${name}=${String(price)}`)
    .toSorted()
    .join(' ')

const lineOf = (prices: Prices) => [prices, ...(prices.tiers ?? [])].map(namesOf).join(' | ')

/**
 * Joins models and endpoints to a catalogue and names its prices: `priceBook` is a digest over every price and margin of an
 * endpoint, so two servers with equal prices honour each other's quotes, and a changed price changes the name.
 */
export function buildCatalog({
  models,
  endpoints,
  aliases,
}: {
  models: readonly Model[]
  endpoints: readonly Endpoint[]
  aliases?: ReadonlyMap<string, string>
}): Catalog {
  const lines = endpoints.map(
    ({ id, prices, marginBps }) =>
      `${id} ${prices ? lineOf(prices) : 'unpriced'}${marginBps === undefined ? '' : ` margin=${marginBps}`}`,
  )
  const digest = createHash('sha256').update(lines.toSorted().join('\n')).digest('hex')
  return {
    priceBook: `pb-${digest.slice(0, 16)}`,
    models: new Map(models.map((model) => [model.id, model])),
    endpoints,
    ...(aliases ? { aliases } : {}),
  }
}
