import type { CatalogFile, EndpointRow, ModelRow, PriceRow } from './catalog-file.ts'
import type { Endpoint, Model, PriceBuckets, Prices, Source } from './types.ts'
import { UNKNOWN_FACTS } from './unknown-facts.ts'

/** A cache without a price of its own costs what uncached input does: no discount is assumed. */
function bucketsOf(row: PriceRow): PriceBuckets {
  return {
    inputPicoUsd: BigInt(row.input),
    cacheReadPicoUsd: BigInt(row.cacheRead ?? row.input),
    cacheWritePicoUsd: BigInt(row.cacheWrite ?? row.input),
    ...(row.cacheWriteHour === undefined ? {} : { cacheWriteHourPicoUsd: BigInt(row.cacheWriteHour) }),
    outputPicoUsd: BigInt(row.output),
    ...(row.reasoning === undefined ? {} : { reasoningPicoUsd: BigInt(row.reasoning) }),
    ...(row.image === undefined ? {} : { imagePicoUsd: BigInt(row.image) }),
    ...(row.audio === undefined ? {} : { audioPicoUsd: BigInt(row.audio) }),
  }
}

function pricesOf({ tiers = [], ...base }: NonNullable<EndpointRow['prices']>): Prices {
  if (tiers.length === 0) return bucketsOf(base)
  return {
    ...bucketsOf(base),
    tiers: tiers.map((tier) => ({ aboveInputTokens: tier.above, ...bucketsOf(tier) })),
  }
}

/**
 * Turns the committed data file into models and endpoints; what a row leaves out is unknown.
 *
 * @throws RangeError where a row names a source that the file does not have.
 */
export function readCatalogFile(file: CatalogFile): {
  readonly models: readonly Model[]
  readonly endpoints: readonly Endpoint[]
} {
  const sourceOf = (key: string): Source => {
    const source = file.sources[key]
    if (!source) throw new RangeError(`The catalogue has no source "${key}".`)
    return source
  }
  const modelOf = (row: ModelRow): Model => ({
    ...UNKNOWN_FACTS,
    id: row.id,
    name: row.name,
    kind: row.kind,
    createdAt: row.created === undefined ? 0 : Date.parse(row.created) / 1_000,
    source: sourceOf(row.source).source,
    sourceDate: sourceOf(row.source).date,
    contextTokens: row.context ?? 'unknown',
    contextSource: row.contextSource === undefined ? 'unknown' : sourceOf(row.contextSource),
    maxOutputTokens: row.maxOutput ?? 'unknown',
    inputModalities: row.input ?? 'unknown',
    outputModalities: row.output ?? 'unknown',
    tools: row.tools ?? 'unknown',
    structuredOutput: row.structuredOutput ?? 'unknown',
    reasoning: row.reasoning ?? 'unknown',
    capabilitySource:
      row.capabilitySource === undefined
        ? 'unknown'
        : {
            source: sourceOf(row.capabilitySource).source,
            date: row.capabilityDate ?? sourceOf(row.capabilitySource).date,
          },
  })
  const endpointOf = (row: EndpointRow): Endpoint => ({
    id: row.id,
    modelId: row.model,
    providerId: row.provider,
    region: row.region,
    upstreamModel: row.upstream,
    ...(row.context === undefined ? {} : { contextTokens: row.context }),
    ...(row.prices === undefined ? {} : { prices: pricesOf(row.prices) }),
    ...(row.priceSource === undefined ? {} : { priceSource: sourceOf(row.priceSource) }),
  })
  return { models: file.models.map(modelOf), endpoints: file.endpoints.map(endpointOf) }
}
