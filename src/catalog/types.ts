import type { UpstreamDialect } from '../chat/dialect-limits.ts'
import type { PicoUsd } from '../lib/money.ts'

/** Pico-USD per token (images, audio: per token of that kind) in the buckets of chat/usage. */
export type Prices = {
  readonly inputPicoUsd: PicoUsd
  readonly cacheReadPicoUsd: PicoUsd
  readonly cacheWritePicoUsd: PicoUsd
  readonly outputPicoUsd: PicoUsd
  /** Unknown: tokens of that kind are priced at the dearest bucket of the endpoint. */
  readonly imagePicoUsd?: PicoUsd
  readonly audioPicoUsd?: PicoUsd
}

export type Model = {
  /** `vendor/model`, e.g. `openai/gpt-4o-mini`. */
  readonly id: string
  readonly name: string
  readonly contextTokens: number
  /** Unknown: the context bounds it. */
  readonly maxOutputTokens?: number
  readonly createdAt: number
  /** Where the facts were read, and when (ISO date). */
  readonly source: string
  readonly sourceDate: string
}

/** What one provider sells: a model at a region and a price. */
export type Endpoint = {
  /** `provider/model@region`. */
  readonly id: string
  readonly modelId: string
  readonly providerId: string
  readonly region: string
  /** The name that the provider gives the model. */
  readonly upstreamModel: string
  readonly prices?: Prices
}

/** A company or a server that answers: how it is reached. Keys are referred to by variable, never held here. */
export type Provider = {
  readonly id: string
  readonly dialect: UpstreamDialect
  readonly baseUrl: string
  readonly apiKeyVariable?: string
  /** The provider of dev and demo, marked everywhere. */
  readonly simulated: boolean
}

/** The catalogue at one moment. `priceBook` names its prices; it goes into every quote and every call. */
export type Catalog = {
  readonly priceBook: string
  readonly models: ReadonlyMap<string, Model>
  readonly endpoints: readonly Endpoint[]
}
