import type { Modality, ModelKind } from './types.ts'

/** Pico-USD per token. A bucket that the source does not name is not written. */
export type PriceRow = {
  readonly input: number
  readonly cacheRead?: number
  readonly cacheWrite?: number
  readonly cacheWriteHour?: number
  readonly output: number
  readonly reasoning?: number
  readonly image?: number
  readonly audio?: number
}

export type TierRow = PriceRow & { readonly above: number }

export type ModelRow = {
  readonly id: string
  readonly name: string
  readonly kind: ModelKind
  readonly created?: string
  /** A key of `sources`, for the model's name and being. */
  readonly source: string
  readonly context?: number
  readonly contextSource?: string
  readonly maxOutput?: number
  readonly input?: readonly Modality[]
  readonly output?: readonly Modality[]
  readonly tools?: boolean
  readonly structuredOutput?: boolean
  readonly reasoning?: boolean
  readonly capabilitySource?: string
  /** When the source last looked at the capabilities. */
  readonly capabilityDate?: string
}

export type EndpointRow = {
  readonly id: string
  readonly model: string
  readonly provider: string
  readonly region: string
  readonly upstream: string
  readonly context?: number
  readonly prices?: PriceRow & { readonly tiers?: readonly TierRow[] }
  readonly priceSource?: string
}

/** The shape of data/catalog.json, which `npm run catalog:sync` writes. What is not written is unknown. */
export type CatalogFile = {
  /** The day for which dated prices were read. */
  readonly date: string
  readonly sources: Readonly<Record<string, { readonly source: string; readonly date: string }>>
  readonly models: readonly ModelRow[]
  readonly endpoints: readonly EndpointRow[]
}
