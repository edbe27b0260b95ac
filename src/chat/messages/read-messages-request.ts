import { invalidField } from '../check-options.ts'
import { fromHubFields } from '../from-hub-fields.ts'
import { checkNames, readBodyObject, readModel } from '../read-body-object.ts'
import { type Fields, isAbsent, missingField, readFlag } from '../read-values.ts'
import type { ChatRequest } from '../types.ts'
import { COUNT_FIELDS, MESSAGES_FIELDS, REFUSED_FIELDS } from './fields.ts'
import { cacheControlOf } from './read-blocks.ts'
import { readMessages, readSystem } from './read-messages.ts'
import {
  checkContextManagement,
  readMetadata,
  readOutputConfig,
  readSampling,
  readStopSequences,
  readThinkingOption,
  readTier,
} from './read-options.ts'
import { readTools } from './read-tools.ts'

/** The body, its model, and no field but known ones that can be honoured. */
function readAsked({ body, known }: { body: Uint8Array; known: ReadonlySet<string> }) {
  const { fields, members } = readBodyObject({ body })
  const model = readModel(fields['model'])
  checkNames({ names: members.map(({ key }) => key), known })
  for (const [name, reason] of Object.entries(REFUSED_FIELDS)) {
    if (!isAbsent(fields[name])) throw invalidField(name, reason)
  }
  return { model, asked: fields }
}

/** What is put in front of the model. */
function promptOf(asked: Fields): Fields {
  checkContextManagement(asked['context_management'])
  return {
    messages: [
      ...readSystem({ value: asked['system'], at: 'system' }),
      ...withCacheControl({ messages: readMessages({ value: asked['messages'] }), asked }),
    ],
    ...readTools(asked),
  }
}

/** A mark on the whole request is a mark on its last message. */
function withCacheControl({ messages, asked }: { messages: readonly Fields[]; asked: Fields }) {
  const last = messages.at(-1)
  if (isAbsent(asked['cache_control']) || !last) return messages
  return [...messages.slice(0, -1), { ...last, ...cacheControlOf({ fields: asked }) }]
}

function readMaxTokens(value: unknown): number {
  if (isAbsent(value)) throw missingField('max_tokens')
  if (typeof value !== 'number') throw invalidField('max_tokens', 'must be an integer.')
  return value
}

/**
 * Reads a body of Anthropic's messages into a chat completion, strictly and once. What OpenAI's dialect has no word for goes along
 * as an extension. No error of it ever holds text of the prompt.
 *
 * @throws TurnpikeError `invalid_json`, `ambiguous_json`, `missing_field`, `invalid_field` or `unknown_field`, with the field in
 * `param`. A missing model comes first: http reads it as a probe.
 */
export function readMessagesRequest({ body }: { body: Uint8Array }): ChatRequest {
  const { model, asked } = readAsked({ body, known: MESSAGES_FIELDS })
  const prompt = promptOf(asked)
  const maxTokens = readMaxTokens(asked['max_tokens'])
  const isStreamed = readFlag({ value: asked['stream'], at: 'stream' })
  const fields = {
    model,
    ...prompt,
    max_tokens: maxTokens,
    ...(isStreamed ? { stream: true } : {}),
    ...readSampling(asked),
    ...readStopSequences(asked['stop_sequences']),
    ...readThinkingOption({ value: asked['thinking'], maxTokens }),
    ...readOutputConfig(asked['output_config']),
    ...readMetadata(asked['metadata']),
    ...readTier(asked['service_tier']),
  }
  return fromHubFields({ model, fields, asked })
}

/** Reads a body of `count_tokens`: a request without anything about its answer. @throws like readMessagesRequest. */
export function readCountRequest({ body }: { body: Uint8Array }): ChatRequest {
  const { model, asked } = readAsked({ body, known: COUNT_FIELDS })
  readThinkingOption({ value: asked['thinking'] })
  const fields = { model, ...promptOf(asked), ...readOutputConfig(asked['output_config']) }
  return fromHubFields({ model, fields, asked })
}
