import { countTexts, tokenizerBound } from './input-bound.ts'
import type { ChatRequest } from './types.ts'

/**
 * Our own count of an input, rounded up: what the tokenizer counts, plus the most that a dialect puts around it.
 */
export async function countInput({ request }: { request: ChatRequest }): Promise<number> {
  return tokenizerBound({ counted: await countTexts({ request }), safetyFactor: 1 }).boundTokens
}
