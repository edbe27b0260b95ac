import type { LanguageModelV4FinishReason } from '@ai-sdk/provider'

/** `finish_reason` of the chat dialect. Gemini says that it simply stopped where it calls a tool. */
export function finishReasonOf({ unified }: LanguageModelV4FinishReason, hasCalls: boolean): string {
  if (unified === 'length') return 'length'
  if (unified === 'content-filter') return 'content_filter'
  return hasCalls || unified === 'tool-calls' ? 'tool_calls' : 'stop'
}
