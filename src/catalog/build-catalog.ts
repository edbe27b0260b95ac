import { createHash } from 'node:crypto'
import type { Catalog, Endpoint, Model } from './types.ts'

/**
 * Joins models and endpoints to a catalogue and names its prices: `priceBook` is a digest over every price, so two
 * servers with equal prices honour each other's quotes, and a changed price changes the name.
 */
export function buildCatalog({
  models,
  endpoints,
}: {
  models: readonly Model[]
  endpoints: readonly Endpoint[]
}): Catalog {
  const lines = endpoints.map(
    ({ id, prices }) => `${id} ${prices ? Object.values(prices).join(' ') : 'unpriced'}`,
  )
  const digest = createHash('sha256').update(lines.toSorted().join('\n')).digest('hex')
  return {
    priceBook: `pb-${digest.slice(0, 16)}`,
    models: new Map(models.map((model) => [model.id, model])),
    endpoints,
  }
}
