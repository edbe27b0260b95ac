import { LIMITS } from '../../lib/limits.ts'

export type CacheSighting = {
  /** See call/plan/session-key: a keyed hash, nothing of the prompt. */
  readonly sessionKey: string
  readonly endpointId: string
  /** Read from the cache or written into it. */
  readonly cachedTokens: number
  readonly nowMs: number
}

/** Where a conversation's beginning is in a provider's cache, and how much of it. */
export type PromptCaches = {
  /**
   * Tokens of this conversation that the endpoint is expected to read from its cache; 0 where nothing is known.
   */
  readonly cachedTokensAt: (query: {
    readonly sessionKey: string
    readonly endpointId: string
    readonly nowMs: number
  }) => number
  /** What an answer's usage said. */
  readonly note: (sighting: CacheSighting) => void
}

/**
 * Remembers in memory, with a limit: the conversation that was quiet longest goes first. Only what a provider has reported counts, so
 * an endpoint without a cache is never worth staying with.
 */
export function createPromptCaches(limit: number = LIMITS.promptCaches): PromptCaches {
  const known = new Map<string, { readonly tokens: number; readonly atMs: number }>()
  const keyOf = (sessionKey: string, endpointId: string) => `${sessionKey} ${endpointId}`
  return {
    cachedTokensAt({ sessionKey, endpointId, nowMs }) {
      const found = known.get(keyOf(sessionKey, endpointId))
      return found && nowMs - found.atMs < LIMITS.promptCacheMs ? found.tokens : 0
    },
    note({ sessionKey, endpointId, cachedTokens, nowMs }) {
      const key = keyOf(sessionKey, endpointId)
      known.delete(key)
      if (cachedTokens === 0) return
      known.set(key, { tokens: cachedTokens, atMs: nowMs })
      for (const oldest of known.keys()) {
        if (known.size <= limit) break
        known.delete(oldest)
      }
    },
  }
}
