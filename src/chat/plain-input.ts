import { isObject } from './read-values.ts'
import type { ChatRequest } from './types.ts'

/** Fields that put nothing in front of the model. Whatever is not here might. */
const SILENT_FIELDS: ReadonlySet<string> = new Set([
  'budget',
  'continue',
  'dimensions',
  'encoding_format',
  'frequency_penalty',
  'logit_bias',
  'logprobs',
  'max_completion_tokens',
  'max_output_tokens',
  'max_tokens',
  'metadata',
  'model',
  'models',
  'n',
  'presence_penalty',
  'prompt_cache_key',
  'provider',
  'reasoning_effort',
  'route',
  'safety_identifier',
  'seed',
  'service_tier',
  'session_id',
  'stop',
  'store',
  'stream',
  'stream_options',
  'temperature',
  'top_logprobs',
  'top_p',
  'usage',
  'user',
  'verbosity',
])

export type PlainInput = {
  readonly texts: readonly string[]
  /** Messages, or texts to be embedded: each has a frame around it that is not ours to count. */
  readonly frames: number
}

/**
 * The input of a call that is text and nothing else, so that a tokenizer can count it. Tools, schemas, images and sound are told
 * to each model in words of its provider's own, which nobody can count from outside.
 *
 * @returns undefined where more than text, or something unknown, is put in front of the model.
 */
export function plainInput({ kind, fields }: ChatRequest): PlainInput | undefined {
  const content = kind === 'embedding' ? 'input' : 'messages'
  for (const name of Object.keys(fields)) if (name !== content && !SILENT_FIELDS.has(name)) return undefined
  const value = fields[content]
  if (kind === 'embedding') return plainTexts(typeof value === 'string' ? [value] : value)
  const texts: string[] = []
  if (!Array.isArray(value)) return undefined
  for (const message of value as readonly unknown[]) {
    const said = textOfMessage(message)
    if (said === undefined) return undefined
    texts.push(said)
  }
  return { texts, frames: texts.length }
}

function plainTexts(value: unknown): PlainInput | undefined {
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) return undefined
  return { texts: value, frames: value.length }
}

function textOfMessage(message: unknown): string | undefined {
  if (!isObject(message)) return undefined
  for (const name of Object.keys(message)) if (name !== 'role' && name !== 'content') return undefined
  const { content } = message
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return undefined
  let text = ''
  for (const part of content as readonly unknown[]) {
    if (!isObject(part) || part['type'] !== 'text' || typeof part['text'] !== 'string') return undefined
    text += part['text']
  }
  return text
}
