import { type Fields, isObject } from '../read-values.ts'
import type { ReadChunk } from '../answer/read-said.ts'
import type { Segment } from '../answer/segments.ts'
import { type Usage, writtenTokens } from '../usage.ts'

const STOP_REASONS: Readonly<Record<string, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  function_call: 'tool_use',
  content_filter: 'refusal',
}

/** Anthropic's words for OpenAI's `finish_reason`. Some providers say `stop` where tools are called. */
export function stopOf({
  finishReason = 'stop',
  stopSequence,
  segments,
}: Pick<ReadChunk, 'finishReason' | 'stopSequence'> & { segments: readonly Segment[] }): Fields {
  const reason = STOP_REASONS[finishReason] ?? 'end_turn'
  if (reason !== 'end_turn') return { stop_reason: reason, stop_sequence: null }
  if (segments.some(({ kind }) => kind === 'tool')) return { stop_reason: 'tool_use', stop_sequence: null }
  return stopSequence === undefined
    ? { stop_reason: reason, stop_sequence: null }
    : { stop_reason: 'stop_sequence', stop_sequence: stopSequence }
}

/** Anthropic's buckets: input_tokens is what was neither read from a cache nor written into one. */
export const usageOf = (usage: Usage): Fields => ({
  input_tokens: usage.inputUncached,
  cache_creation_input_tokens: writtenTokens(usage),
  cache_creation: {
    ephemeral_5m_input_tokens: usage.cacheWrite,
    ephemeral_1h_input_tokens: usage.cacheWriteHour,
  },
  cache_read_input_tokens: usage.cacheRead,
  output_tokens: usage.outputText + usage.reasoning + usage.images + usage.audio,
})

/** Before the end nothing is known; the last event tells it all. */
export const NO_USAGE_YET: Fields = {
  input_tokens: 0,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: 0,
}

function inputOf(json: string): Fields {
  try {
    const input: unknown = JSON.parse(json)
    return isObject(input) ? input : {}
  } catch {
    // Cut off by the cap: stop_reason says so.
    return {}
  }
}

/** The id of a call whose provider gave none. */
const toolIdOf = ({ id, index }: Segment) => id || `toolu_${index}`

/** The block as it begins: what comes in deltas is empty. */
export function openBlock(segment: Segment): Fields {
  switch (segment.kind) {
    case 'reasoning':
      return { type: 'thinking', thinking: '', signature: '' }
    case 'encrypted':
      return { type: 'redacted_thinking', data: segment.text }
    case 'tool':
      return { type: 'tool_use', id: toolIdOf(segment), name: segment.name, input: {} }
    case 'text':
    case 'refusal':
      return { type: 'text', text: '', citations: null }
  }
}

/** The whole block. A refusal is text in this dialect. */
export function wholeBlock(segment: Segment): Fields {
  const block = openBlock(segment)
  if (segment.kind === 'reasoning') {
    return { ...block, thinking: segment.text, signature: segment.signature }
  }
  if (segment.kind === 'tool') return { ...block, input: inputOf(segment.text) }
  return segment.kind === 'encrypted' ? block : { ...block, text: segment.text }
}

/** The delta that carries a piece of a block; none for what its opening told. */
export function deltaOf({ segment, text }: { segment: Segment; text: string }): Fields | undefined {
  if (segment.kind === 'reasoning') return { type: 'thinking_delta', thinking: text }
  if (segment.kind === 'tool') return { type: 'input_json_delta', partial_json: text }
  return segment.kind === 'encrypted' ? undefined : { type: 'text_delta', text }
}

/** A message without its content. @param callId ours: the id says which call it was. */
export const messageOf = ({ callId, model }: { callId: string; model: string }): Fields => ({
  id: callId.replace(/^call_/, 'msg_'),
  type: 'message',
  role: 'assistant',
  model,
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage: NO_USAGE_YET,
})
