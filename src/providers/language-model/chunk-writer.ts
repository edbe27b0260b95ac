import type { LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { readUsage } from '../../chat/read-usage.ts'
import type { StreamPart } from '../../chat/types.ts'
import { finishReasonOf, stopSequenceOf } from './reasons.ts'
import { sealOn, signedBy, thoughtDetail } from './thoughts.ts'
import { writeUsage } from './write-usage.ts'

/** What stands in every chunk of one answer. */
export type Answer = { readonly id: string; readonly model: string; readonly createdAtSeconds: number }

type Content = Extract<StreamPart, { type: 'content' }>

type Writers = {
  readonly [Type in LanguageModelV4StreamPart['type']]?: (
    part: Extract<LanguageModelV4StreamPart, { type: Type }>,
  ) => StreamPart[]
}

/**
 * Writes one streamed answer of the AI SDK as chunks of the chat dialect, a part at a time. It counts: tools and thoughts have an
 * index in the chat dialect.
 */
export function createChunkWriter({ id, model, createdAtSeconds }: Answer) {
  const calls = new Map<string, { readonly index: number; hasInput: boolean }>()
  let thoughts = 0

  const chunk = (choice: object): string =>
    JSON.stringify({
      id,
      object: 'chat.completion.chunk',
      created: createdAtSeconds,
      model,
      choices: [{ index: 0, ...choice }],
    })
  const said = (delta: object, text: string): Content[] => [
    { type: 'content', json: chunk({ delta, finish_reason: null }), text },
  ]

  function openCall(callId: string, name: string): StreamPart[] {
    const index = calls.size
    calls.set(callId, { index, hasInput: false })
    return said(
      { tool_calls: [{ index, id: callId, type: 'function', function: { name, arguments: '' } }] },
      name,
    )
  }

  function addInput(callId: string, delta: string): StreamPart[] {
    const call = calls.get(callId)
    if (!call || delta === '') return []
    call.hasInput = true
    return said({ tool_calls: [{ index: call.index, function: { arguments: delta } }] }, delta)
  }

  /** The whole call at its end: what was not streamed of it, and its seal. */
  function closeCall(part: Extract<LanguageModelV4StreamPart, { type: 'tool-call' }>): StreamPart[] {
    const { toolCallId, toolName, input } = part
    const opened = calls.has(toolCallId) ? [] : openCall(toolCallId, toolName)
    const call = calls.get(toolCallId)
    const rest = call?.hasInput ? [] : addInput(toolCallId, input)
    const seal = sealOn(signedBy(part.providerMetadata))
    const sealed =
      call && 'extra_content' in seal ? said({ tool_calls: [{ index: call.index, ...seal }] }, '') : []
    return [...opened, ...rest, ...sealed]
  }

  function addThought(text: string, metadata: Parameters<typeof signedBy>[0]): StreamPart[] {
    const signed = signedBy(metadata)
    if (text === '' && signed.signature === undefined && signed.redacted === undefined) return []
    const detail = thoughtDetail({ text, signed, index: thoughts })
    const delta = { ...(text === '' ? {} : { reasoning: text }), reasoning_details: [detail] }
    return said(delta, text).map((part) => ({ ...part, hasReasoning: true }))
  }

  function finish(part: Extract<LanguageModelV4StreamPart, { type: 'finish' }>): StreamPart[] {
    const reason = finishReasonOf(part.finishReason, calls.size > 0)
    const written = writeUsage(part.usage)
    const usage = readUsage(written)
    const end: StreamPart = {
      type: 'finish',
      json: chunk({ delta: {}, finish_reason: reason, ...stopSequenceOf(part.providerMetadata) }),
      reason,
      text: '',
    }
    if (!written || !usage) return [end]
    const last = {
      id,
      object: 'chat.completion.chunk',
      created: createdAtSeconds,
      model,
      choices: [],
      usage: written,
    }
    return [end, { type: 'usage', json: JSON.stringify(last), usage }]
  }

  /** What is not here (keep-alives, sources, the ends of texts) says nothing in the chat dialect. */
  const writers: Writers = {
    'text-delta': ({ delta }) => (delta === '' ? [] : said({ content: delta }, delta)),
    'reasoning-start': ({ providerMetadata }) => addThought('', providerMetadata),
    'reasoning-delta': ({ delta, providerMetadata }) => addThought(delta, providerMetadata),
    'reasoning-end': ({ providerMetadata }) => {
      const seal = addThought('', providerMetadata)
      thoughts += 1
      return seal
    },
    'tool-input-start': ({ id: callId, toolName }) => openCall(callId, toolName),
    'tool-input-delta': ({ id: callId, delta }) => addInput(callId, delta),
    'tool-call': closeCall,
    finish,
  }

  return {
    /** The opening chunk: the role, and nothing that a failover could not throw away. */
    open: (): StreamPart => ({
      type: 'preamble',
      json: chunk({ delta: { role: 'assistant', content: '' }, finish_reason: null }),
    }),
    write: (part: LanguageModelV4StreamPart): readonly StreamPart[] => {
      const writer = writers[part.type] as ((part: LanguageModelV4StreamPart) => StreamPart[]) | undefined
      return writer?.(part) ?? []
    },
  }
}
