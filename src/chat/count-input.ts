import { countTexts, tokenizerBound } from './input-bound.ts'
import type { ChatRequest } from './types.ts'

/**
 * Our own count of a call's input, for answers whose provider never said (the caller hung up first): what the tokenizer counts,
 * plus what the dialect puts around it.
 */
export async function countInput({ request }: { request: ChatRequest }): Promise<number> {
  return tokenizerBound({ counted: await countTexts({ request }), safetyFactor: 1 }).boundTokens
}
