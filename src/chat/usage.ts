/**
 * Tokens of one call in disjoint buckets: every token is in exactly one of them, whatever the provider's dialect adds
 * together. All are integers of at least 0.
 */
export type Usage = {
  readonly inputUncached: number
  readonly cacheRead: number
  /** Kept for five minutes, or as long as the provider keeps what nobody set a time for. */
  readonly cacheWrite: number
  /** Kept for an hour, where the caller asked for it. */
  readonly cacheWriteHour: number
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
  cacheWriteHour: 0,
  outputText: 0,
  reasoning: 0,
  images: 0,
  audio: 0,
}

/** Both together, bucket by bucket. */
export function addUsage(one: Usage, other: Usage): Usage {
  const sum = (bucket: keyof Usage) => one[bucket] + other[bucket]
  return {
    inputUncached: sum('inputUncached'),
    cacheRead: sum('cacheRead'),
    cacheWrite: sum('cacheWrite'),
    cacheWriteHour: sum('cacheWriteHour'),
    outputText: sum('outputText'),
    reasoning: sum('reasoning'),
    images: sum('images'),
    audio: sum('audio'),
  }
}

/** All that was written into a cache, for however long. */
export const writtenTokens = (usage: Usage) => usage.cacheWrite + usage.cacheWriteHour
export const inputTokens = (usage: Usage) => usage.inputUncached + usage.cacheRead + writtenTokens(usage)
export const outputTokens = (usage: Usage) => usage.outputText + usage.reasoning
