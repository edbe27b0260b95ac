import type { LanguageModelV4Usage } from '@ai-sdk/provider'
import { isObject } from '../../chat/read-values.ts'

/**
 * Usage in the chat dialect's terms, where details are parts of their totals: cached and written tokens inside `prompt_tokens`,
 * reasoning inside `completion_tokens`, whatever the provider's own way of counting is.
 *
 * @returns undefined where the provider said nothing, or nothing but zeros (Anthropic's dialect has to write numbers): then an own
 * count takes its place.
 */
export function writeUsage({ inputTokens, outputTokens, raw }: LanguageModelV4Usage) {
  const { total: input, noCache, cacheRead, cacheWrite } = inputTokens
  const { total: output, text, reasoning } = outputTokens
  if (input === undefined && output === undefined) return undefined
  const prompt = input ?? (noCache ?? 0) + (cacheRead ?? 0) + (cacheWrite ?? 0)
  const completion = output ?? (text ?? 0) + (reasoning ?? 0)
  if (prompt + completion === 0) return undefined
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: {
      cached_tokens: cacheRead ?? 0,
      cache_write_tokens: cacheWrite ?? 0,
      ...writtenForAnHour(raw),
    },
    completion_tokens_details: { reasoning_tokens: reasoning ?? 0 },
  }
}

/** Anthropic says beside the sum of what was written how much of it is kept for an hour, at a price of its own. */
function writtenForAnHour(raw: LanguageModelV4Usage['raw']): { cache_write_1h_tokens?: number } {
  const creation = raw?.['cache_creation']
  const hour = isObject(creation) ? creation['ephemeral_1h_input_tokens'] : undefined
  return typeof hour === 'number' ? { cache_write_1h_tokens: hour } : {}
}
