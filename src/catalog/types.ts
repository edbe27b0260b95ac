import type { PrefixStyle, UpstreamDialect } from '../chat/dialect-limits.ts'
import type { PicoUsd } from '../lib/money.ts'

/** What a source says, or that none does. An unknown capability is not routed to; it can be called by name. */
export type Fact = boolean | 'unknown'

/** Pico-USD per token (images, audio: per token of that kind) in the buckets of chat/usage. */
export type PriceBuckets = {
  readonly inputPicoUsd: PicoUsd
  readonly cacheReadPicoUsd: PicoUsd
  readonly cacheWritePicoUsd: PicoUsd
  /** Written for an hour instead of five minutes; absent where the source names no price for it. */
  readonly cacheWriteHourPicoUsd?: PicoUsd
  readonly outputPicoUsd: PicoUsd
  /** Absent: reasoning is billed as output. */
  readonly reasoningPicoUsd?: PicoUsd
  /** Unknown: tokens of that kind are priced at the dearest bucket of the endpoint. */
  readonly imagePicoUsd?: PicoUsd
  readonly audioPicoUsd?: PicoUsd
}

/** What every token of a call costs whose input is larger than this. */
export type PriceTier = PriceBuckets & { readonly aboveInputTokens: number }

export type Prices = PriceBuckets & {
  /** By length of the input, shortest first; a tier reprices the whole call. */
  readonly tiers?: readonly PriceTier[]
}

/** Where facts were read, and when (ISO date). */
export type Source = { readonly source: string; readonly date: string }

export type ModelKind = 'chat' | 'embedding'

export type Modality = 'text' | 'image' | 'audio' | 'video' | 'pdf'

export type Capabilities = {
  readonly inputModalities: readonly Modality[] | 'unknown'
  readonly outputModalities: readonly Modality[] | 'unknown'
  readonly tools: Fact
  readonly structuredOutput: Fact
  readonly reasoning: Fact
}

export type Model = Capabilities & {
  /** `vendor/model`, e.g. `openai/gpt-4o-mini`. */
  readonly id: string
  readonly name: string
  readonly kind: ModelKind
  readonly contextTokens: number | 'unknown'
  /** Unknown: the context bounds it. */
  readonly maxOutputTokens: number | 'unknown'
  /** Seconds since 1970; 0 where no source says. */
  readonly createdAt: number
  /** Where the model was found, and when. */
  readonly source: string
  readonly sourceDate: string
  readonly contextSource: Source | 'unknown'
  /** Of modalities, tools, reasoning and the output's limit. */
  readonly capabilitySource: Source | 'unknown'
}

/** Whether a provider keeps prompts, and whether it trains on them. */
export type DataPolicy = { readonly retention: Fact; readonly training: Fact }

/** What one provider sells: a model at a region and a price. */
export type Endpoint = {
  /** `provider/model@region`. */
  readonly id: string
  readonly modelId: string
  readonly providerId: string
  readonly region: string
  /** The name that the provider gives the model. */
  readonly upstreamModel: string
  /** How the provider is spoken to about this model, where it speaks this dialect as well as its usual one. */
  readonly dialect?: UpstreamDialect
  readonly prices?: Prices
  readonly priceSource?: Source
  /** Where this provider takes less than the model's usual context. */
  readonly contextTokens?: number
  /** Unknown where absent. */
  readonly dataPolicy?: DataPolicy
  /** The operator's margin on this endpoint, instead of the server's. */
  readonly marginBps?: number
}

/** A company or a server that answers: how it is reached. Keys are referred to by variable, never held here. */
export type Provider = {
  readonly id: string
  readonly dialect: UpstreamDialect
  readonly baseUrl: string
  /** Where it speaks other dialects, for the endpoints that ask for one. */
  readonly otherBaseUrls?: Readonly<Partial<Record<UpstreamDialect, string>>>
  readonly apiKeyVariable?: string
  /** How it is asked to go on from a beginning of an answer; absent where nobody says that it does. */
  readonly continues?: PrefixStyle
  /** The provider of dev and demo, marked everywhere. */
  readonly simulated: boolean
}

/** The catalogue at one moment. `priceBook` names its prices; it goes into every quote and every call. */
export type Catalog = {
  readonly priceBook: string
  readonly models: ReadonlyMap<string, Model>
  readonly endpoints: readonly Endpoint[]
  /** The operator's own names of models. */
  readonly aliases?: ReadonlyMap<string, string>
}
