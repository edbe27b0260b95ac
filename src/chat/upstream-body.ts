import { replaceMembers } from '../lib/json-members.ts'
import { plainMembers } from './extensions.ts'
import { ROUTER_FIELDS } from './fields.ts'
import type { PrefixStyle, UpstreamDialect } from './dialect-limits.ts'
import type { ChatRequest } from './types.ts'

/** OpenAI's reasoning models refuse `max_tokens`. */
const NEW_CAP_ONLY = /^(?:o[1-9]|gpt-[5-9])/

export type CapField = 'max_tokens' | 'max_completion_tokens'

function capFieldFor({ request, upstreamModel }: { request: ChatRequest; upstreamModel: string }): CapField {
  if (NEW_CAP_ONLY.test(upstreamModel)) return 'max_completion_tokens'
  const asked = request.fields['max_completion_tokens']
  return asked === undefined || asked === null ? 'max_tokens' : 'max_completion_tokens'
}

function streamOptions(fields: ChatRequest['fields']): string {
  const asked = fields['stream_options']
  return JSON.stringify({ ...(typeof asked === 'object' ? asked : {}), include_usage: true })
}

/** The conversation with a beginning of the answer at its end. */
function continued({
  fields,
  plain,
  prefix: { text, style },
}: {
  fields: ChatRequest['fields']
  /** The messages as JSON, where they had to be written anew. */
  plain: string | undefined
  prefix: Prefix
}): string {
  const messages = plain === undefined ? fields['messages'] : (JSON.parse(plain) as unknown)
  const last = { role: 'assistant', content: text, ...(style === 'plain' ? {} : { [style]: true }) }
  return JSON.stringify([...(Array.isArray(messages) ? (messages as unknown[]) : []), last])
}

/** The beginning of an answer that is to be gone on with. */
export type Prefix = { readonly text: string; readonly style: PrefixStyle }

/**
 * The body that goes to a provider, in the chat dialect: the caller's own bytes with the provider's model name, one output
 * cap, and (streamed) the usage always asked for, since the charge depends on it. A router's fields are taken out, and so is,
 * where the provider speaks this dialect itself, what it has no word for.
 *
 * @param outputCap tokens per choice; what the price was computed from.
 * @param prefix where the answer has begun elsewhere.
 * @param capField the provider's name of the cap; else the caller's own, or what the model's family needs.
 */
export function toUpstreamBody({
  request,
  upstreamModel,
  outputCap,
  dialect = 'openai',
  prefix,
  capField = capFieldFor({ request, upstreamModel }),
}: {
  request: ChatRequest
  upstreamModel: string
  outputCap: number
  dialect?: UpstreamDialect
  prefix?: Prefix | undefined
  capField?: CapField
}): string {
  const replace: Record<string, string | undefined> = {
    max_tokens: undefined,
    max_completion_tokens: undefined,
    max_output_tokens: undefined,
    model: JSON.stringify(upstreamModel),
    ...(dialect === 'openai' ? plainMembers(request) : {}),
  }
  for (const field of ROUTER_FIELDS) replace[field] = undefined
  if (request.kind === 'embedding')
    return replaceMembers({ text: request.text, members: request.members, replace })
  if (prefix) replace['messages'] = continued({ fields: request.fields, plain: replace['messages'], prefix })
  replace[capField] = String(outputCap)
  if (request.stream) replace['stream_options'] = streamOptions(request.fields)
  return replaceMembers({ text: request.text, members: request.members, replace })
}
