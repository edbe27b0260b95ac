export const STRATEGY_NAMES = ['balanced', 'cost', 'latency', 'availability'] as const
export type StrategyName = (typeof STRATEGY_NAMES)[number]

export const SORTS = ['price', 'throughput', 'latency'] as const
export type Sort = (typeof SORTS)[number]

/** How much each side of a choice counts, in points of quality. */
export type Weights = {
  readonly quality: number
  readonly cost: number
  readonly latency: number
  readonly availability: number
}

export type MaxPrice = {
  /** USD per million tokens, as the caller pays them. */
  readonly promptUsd?: number
  readonly completionUsd?: number
}

/** What a request, a key or an organisation says about where a call may go. Absent: nothing is said. */
export type RoutingOverrides = {
  readonly strategy?: StrategyName
  readonly sort?: Sort
  readonly weights?: Partial<Weights>
  /** Share of the best candidate's quality that a candidate must have. */
  readonly floor?: number
  /** How many standard deviations an estimate of quality is taken down by. */
  readonly caution?: number
  readonly minQuality?: number
  /** Models in the order of trial, after the one in `model`. */
  readonly models?: readonly string[]
  /** Names or patterns such as `anthropic/*`. */
  readonly allowedModels?: readonly string[]
  readonly excludedModels?: readonly string[]
  /** What the saving is held against. */
  readonly baseline?: string
  readonly providerOrder?: readonly string[]
  readonly providerOnly?: readonly string[]
  readonly providerIgnore?: readonly string[]
  readonly regions?: readonly string[]
  readonly maxPrice?: MaxPrice
  readonly allowFallbacks?: boolean
  readonly requireParameters?: boolean
  readonly dataCollection?: 'allow' | 'deny'
  readonly zdr?: boolean
  /** The caller's name for a conversation: its prompt cache is worth staying with. */
  readonly sessionId?: string
}
