/**
 * Tokens of one call in disjoint buckets: every token is in exactly one of them, whatever the provider's dialect adds
 * together. All are integers of at least 0.
 */
export type Usage = {
  readonly inputUncached: number
  readonly cacheRead: number
  readonly cacheWrite: number
  readonly outputText: number
  /** Billed as output. */
  readonly reasoning: number
  readonly images: number
  readonly audio: number
}

export const NO_USAGE: Usage = {
  inputUncached: 0,
  cacheRead: 0,
  cacheWrite: 0,
  outputText: 0,
  reasoning: 0,
  images: 0,
  audio: 0,
}

export const inputTokens = (usage: Usage) => usage.inputUncached + usage.cacheRead + usage.cacheWrite
export const outputTokens = (usage: Usage) => usage.outputText + usage.reasoning
