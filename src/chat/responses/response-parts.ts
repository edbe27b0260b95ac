import type { AnswerFacts } from '../answer/dialect.ts'
import type { Segment } from '../answer/segments.ts'
import type { Fields } from '../read-values.ts'
import { inputTokens, outputTokens, type Usage, writtenTokens } from '../usage.ts'
import { sealOf } from './sealed-reasoning.ts'

const bare = (callId: string) => callId.replace(/^call_/, '')

const ID_PREFIX = { reasoning: 'rs', encrypted: 'rs', text: 'msg', refusal: 'msg', tool: 'fc' } as const

/** Names come from ours, so that the same answer always has the same ones. */
export const itemId = ({ callId, segment }: { callId: string; segment: Segment }) =>
  `${ID_PREFIX[segment.kind]}_${bare(callId)}_${segment.index}`

type ItemStatus = 'in_progress' | 'completed' | 'incomplete'

/** The part of a message or of a summary; `text` is '' while it is only begun. */
export function partOf({ segment, text }: { segment: Segment; text: string }): Fields {
  if (segment.kind === 'refusal') return { type: 'refusal', refusal: text }
  if (segment.kind === 'reasoning') return { type: 'summary_text', text }
  return { type: 'output_text', annotations: [], logprobs: [], text }
}

function contentOf({ segment, status }: { segment: Segment; status: ItemStatus }): Fields {
  const isBegun = status === 'in_progress'
  const parts = isBegun ? [] : [partOf({ segment, text: segment.text })]
  switch (segment.kind) {
    case 'reasoning':
      return {
        type: 'reasoning',
        summary: parts,
        encrypted_content: isBegun ? null : sealOf({ signature: segment.signature, data: '' }),
      }
    case 'encrypted':
      return {
        type: 'reasoning',
        summary: [],
        encrypted_content: sealOf({ signature: '', data: segment.text }),
      }
    case 'tool':
      return {
        type: 'function_call',
        call_id: segment.id || `call_${segment.index}`,
        name: segment.name,
        arguments: isBegun ? '' : segment.text,
      }
    case 'text':
    case 'refusal':
      return { type: 'message', role: 'assistant', content: parts }
  }
}

/** An item of `output`, begun or done. */
export const itemOf = (item: { callId: string; segment: Segment; status: ItemStatus }): Fields => ({
  id: itemId(item),
  ...contentOf(item),
  status: item.status,
})

/** Why an answer is not whole, by OpenAI's `finish_reason`. */
const INCOMPLETE: Readonly<Record<string, string>> = {
  length: 'max_output_tokens',
  content_filter: 'content_filter',
}

export const incompleteReason = (finishReason: string | undefined): string | undefined =>
  finishReason === undefined ? undefined : INCOMPLETE[finishReason]

/** The items of an answer; only the last of one that was cut off is not whole. */
export function outputOf({
  callId,
  segments,
  isCut,
}: {
  callId: string
  segments: readonly Segment[]
  isCut: boolean
}): readonly Fields[] {
  return segments.map((segment, index) => {
    const isLast = index === segments.length - 1
    return itemOf({ callId, segment, status: isCut && isLast ? 'incomplete' : 'completed' })
  })
}

/** OpenAI's totals, which include their details. */
export function usageOf(usage: Usage): Fields {
  const input = inputTokens(usage)
  const output = outputTokens(usage) + usage.images + usage.audio
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: usage.cacheRead, cache_write_tokens: writtenTokens(usage) },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: input + output,
  }
}

/** What a response repeats of its request, with what OpenAI shows where the caller said nothing. */
const DEFAULTS: Fields = {
  instructions: null,
  max_output_tokens: null,
  metadata: {},
  parallel_tool_calls: true,
  reasoning: { effort: null, summary: null },
  temperature: null,
  text: { format: { type: 'text' } },
  tool_choice: 'auto',
  tools: [],
  top_p: null,
  user: null,
}

function repeated(asked: Fields): Fields {
  return Object.fromEntries(Object.entries(DEFAULTS).map(([name, usual]) => [name, asked[name] ?? usual]))
}

export type ResponseState = {
  readonly status: 'in_progress' | 'completed' | 'incomplete' | 'failed'
  readonly output: readonly Fields[]
  readonly incomplete?: string
  readonly error?: unknown
  readonly usage?: Fields
}

/** A response as it stands. It names nothing that could be asked for later: nothing is stored. */
export function responseOf({
  facts: { callId, receivedAtMs, request },
  model,
  state: { status, output, incomplete, error, usage },
}: {
  facts: AnswerFacts
  model: string
  state: ResponseState
}): Fields {
  return {
    id: `resp_${bare(callId)}`,
    object: 'response',
    created_at: Math.floor(receivedAtMs / 1_000),
    status,
    background: false,
    error: error ?? null,
    incomplete_details: incomplete === undefined ? null : { reason: incomplete },
    model: model || request.model,
    output,
    previous_response_id: null,
    store: false,
    truncation: 'disabled',
    ...repeated(request.asked ?? {}),
    usage: usage ?? null,
  }
}
