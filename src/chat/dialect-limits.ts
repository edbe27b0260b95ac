import type { ChatRequest } from './types.ts'

/** How a provider is spoken to. */
export type UpstreamDialect = 'openai' | 'anthropic' | 'google'

/**
 * How a provider is asked to go on from a beginning: it stands as the assistant's last message, marked with this field, or plain where
 * any last message of the assistant's is one.
 */
export type PrefixStyle = 'prefix' | 'partial' | 'plain'

type Test = (value: unknown) => boolean

const isGiven: Test = (value) => value !== undefined && value !== null
const isNotZero: Test = (value) => isGiven(value) && value !== 0
const isTrue: Test = (value) => value === true
const isSeveral: Test = (value) => typeof value === 'number' && value > 1
const isEmptyless: Test = (value) =>
  isGiven(value) && JSON.stringify(value) !== '{}' && JSON.stringify(value) !== '[]'
const hasSound: Test = (value) => Array.isArray(value) && value.includes('audio')

/** What changes an answer and has no place in either dialect. Hints (`user`, `metadata`, `store`, cache keys) are not here. */
const COMMON: Readonly<Record<string, Test>> = {
  n: isSeveral,
  logprobs: isTrue,
  top_logprobs: isNotZero,
  logit_bias: isEmptyless,
  functions: isEmptyless,
  function_call: isGiven,
  modalities: hasSound,
  audio: isGiven,
  prediction: isGiven,
  web_search_options: isGiven,
  verbosity: isGiven,
}

const LIMITS_OF: Readonly<Record<UpstreamDialect, Readonly<Record<string, Test>>>> = {
  openai: { top_k: isGiven },
  anthropic: { ...COMMON, seed: isGiven, frequency_penalty: isNotZero, presence_penalty: isNotZero },
  google: { ...COMMON, parallel_tool_calls: (value) => value === false },
}

/**
 * Fields of a request that a dialect cannot honour. They are never dropped in silence: another endpoint is taken, or the call is
 * refused before it is priced.
 *
 * @example unsupportedFields({ fields: { model: 'm', seed: 7 }, dialect: 'anthropic' }) // ['seed']
 */
export function unsupportedFields({
  fields,
  kind,
  dialect,
}: Pick<ChatRequest, 'fields' | 'kind'> & { dialect: UpstreamDialect }): readonly string[] {
  // Embeddings are asked for in OpenAI's dialect only.
  if (kind === 'embedding') return dialect === 'openai' ? [] : ['input']
  return Object.entries(LIMITS_OF[dialect])
    .filter(([field, isUnsupported]) => isUnsupported(fields[field]))
    .map(([field]) => field)
}
