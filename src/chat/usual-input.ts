import { countTexts, OVERHEAD_TOKENS } from './input-bound.ts'
import type { ChatRequest } from './types.ts'

/** What OpenAI's own chat format puts around the text: 3 tokens for the answer's start, 4 a message. */
export const USUAL_TOKENS = { call: 3, message: 4 } as const

/**
 * What a provider usually counts of an input, for answers whose provider never said (the stream broke, or the caller hung up): the
 * text as the tokenizer counts it in the usual frame. A bound would charge for room that nobody used.
 *
 * @example await usualInput({ request }) // 9 for "Say hi" in one message
 */
export async function usualInput({ request }: { request: ChatRequest }): Promise<number> {
  const { tokens, fixedTokens } = await countTexts({ request })
  const { messageCount, toolCount, kind } = request
  const { call, message, tool } = OVERHEAD_TOKENS
  const beyondFrames = fixedTokens - call - messageCount * message - toolCount * tool
  if (kind === 'embedding') return tokens + beyondFrames
  return tokens + beyondFrames + USUAL_TOKENS.call + messageCount * USUAL_TOKENS.message
}
