/** What a prior rests on. A measured one is never overridden by a published or derived one, only by the operator's. */
export type PriorKind = 'operator' | 'measured' | 'published' | 'derived'

/** What is known of a model before its prompt is read. */
export type Prior = {
  readonly kind: PriorKind
  /** Log-odds of its quality over all domains, and in each. */
  readonly general: number
  readonly byDomain: readonly number[]
  /** In log-odds. */
  readonly sd: number
  /** Its standing among all models, in log-odds: which trained models it resembles. */
  readonly ability: number
}

/** One result of one model: a mean score from 0 to 1. */
export type BenchmarkScore = {
  /** As `canonicalName` writes it. */
  readonly model: string
  readonly benchmark: string
  readonly domain: number
  readonly score: number
  readonly kind: 'measured' | 'published'
}

/** What an operator says of a model: quality from 0 to 1, over all and by the domain's name. */
export type OperatorQuality = { readonly general: number } & Readonly<Record<string, number | undefined>>
