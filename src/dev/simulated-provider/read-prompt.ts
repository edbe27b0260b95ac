import { createHash } from 'node:crypto'
import { countTokens } from '../../chat/count-tokens.ts'

/** The part of a request that the simulation answers to. */
export type SimulatedRequest = {
  readonly model: string
  readonly isStreamed: boolean
  readonly includeUsage: boolean
  readonly choices: number
  readonly cap: number
  readonly messages: readonly unknown[]
  readonly tools: unknown
}

type Fields = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null
const positive = (value: unknown) => (typeof value === 'number' && value >= 1 ? value : undefined)

/** @returns undefined where a real provider would answer 400. */
export function readSimulatedRequest(body: string): SimulatedRequest | undefined {
  let fields: unknown
  try {
    fields = JSON.parse(body)
  } catch {
    return undefined
  }
  if (!isObject(fields) || typeof fields['model'] !== 'string' || !Array.isArray(fields['messages'])) {
    return undefined
  }
  const options = fields['stream_options']
  return {
    model: fields['model'],
    isStreamed: fields['stream'] === true,
    includeUsage: isObject(options) && options['include_usage'] === true,
    choices: positive(fields['n']) ?? 1,
    cap: positive(fields['max_completion_tokens']) ?? positive(fields['max_tokens']) ?? 4_096,
    messages: fields['messages'],
    tools: fields['tools'],
  }
}

/** Only text counts by its tokens; an image counts as 85 tokens, OpenAI's price of one in low detail. */
const IMAGE_TOKENS = 85

function textOf(content: unknown): { text: string; images: number } {
  if (typeof content === 'string') return { text: content, images: 0 }
  if (!Array.isArray(content)) return { text: '', images: 0 }
  const parts = content.filter(isObject)
  return {
    text: parts.map((part) => (typeof part['text'] === 'string' ? part['text'] : '')).join(''),
    images: parts.filter((part) => part['type'] === 'image_url').length,
  }
}

/** Counts are kept by a hash of the prompt, never with the prompt. */
const MAX_KEPT = 1_000

/**
 * Counts prompts: the o200k tokens of the text, 85 an image, 4 a message, 3 for the answer's start, and the o200k tokens of the tools as
 * JSON. That is never above the router's bound in bytes, since each token is at least one byte.
 */
export function createPromptCounter(): (request: SimulatedRequest) => Promise<number> {
  const kept = new Map<string, number>()
  return async ({ messages, tools }) => {
    const key = createHash('sha256')
      .update(JSON.stringify([messages, tools ?? null]))
      .digest('base64')
    const known = kept.get(key)
    if (known !== undefined) return known
    let total = 3
    for (const message of messages) {
      const { text, images } = textOf(isObject(message) ? message['content'] : undefined)
      total += 4 + images * IMAGE_TOKENS + (await countTokens(text))
    }
    if (tools !== undefined && tools !== null) total += await countTokens(JSON.stringify(tools))
    if (kept.size >= MAX_KEPT) kept.clear()
    kept.set(key, total)
    return total
  }
}
