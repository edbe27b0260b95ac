import type { LanguageModelV4FinishReason, SharedV4ProviderMetadata } from '@ai-sdk/provider'

/** `finish_reason` of the chat dialect. Gemini says that it simply stopped where it calls a tool. */
export function finishReasonOf({ unified }: LanguageModelV4FinishReason, hasCalls: boolean): string {
  if (unified === 'length') return 'length'
  if (unified === 'content-filter') return 'content_filter'
  return hasCalls || unified === 'tool-calls' ? 'tool_calls' : 'stop'
}

/** The caller's sequence that ended the answer, under the name that vLLM gave it in the chat dialect; only Anthropic says it. */
export function stopSequenceOf(metadata: SharedV4ProviderMetadata | undefined): { stop_reason?: string } {
  const sequence = metadata?.['anthropic']?.['stopSequence']
  return typeof sequence === 'string' ? { stop_reason: sequence } : {}
}
