import { createHash } from 'node:crypto'
import { countTokens } from '../../chat/count-tokens.ts'

export type Fields = Readonly<Record<string, unknown>>

/** One message as the simulation sees it, whatever dialect it came in. */
export type SimulatedMessage = {
  readonly role: 'system' | 'user' | 'assistant' | 'tool'
  readonly content: string
  readonly images?: number
}

export type SimulatedTool = {
  readonly name: string
  readonly description?: string
  /** JSON schema of the arguments. */
  readonly parameters?: unknown
}

/** The part of a request that the simulation answers to: the same from every face, so that the answer is the same. */
export type SimulatedRequest = {
  readonly model: string
  readonly isStreamed: boolean
  readonly includeUsage: boolean
  readonly choices: number
  readonly cap: number
  readonly messages: readonly SimulatedMessage[]
  readonly tools: readonly SimulatedTool[]
  /** The beginning of the answer, where it is to be gone on with. */
  readonly prefix?: string
}

export const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null
export const positive = (value: unknown) => (typeof value === 'number' && value >= 1 ? value : undefined)
export const listOf = (value: unknown): readonly Fields[] =>
  Array.isArray(value) ? value.filter(isObject) : []
export const wordsOf = (value: unknown) => (typeof value === 'string' ? value : '')

/** @returns undefined for what is no JSON object. */
export function readFields(body: string): Fields | undefined {
  try {
    const fields: unknown = JSON.parse(body)
    return isObject(fields) ? fields : undefined
  } catch {
    return undefined
  }
}

/** Text and images of a content, as a string or as parts. */
export function contentOf({
  content,
  isImage,
}: {
  content: unknown
  isImage: (part: Fields) => boolean
}): Pick<SimulatedMessage, 'content' | 'images'> {
  if (typeof content === 'string') return { content }
  const parts = listOf(content)
  const images = parts.filter(isImage).length
  return {
    content: parts.map((part) => wordsOf(part['text'])).join(''),
    ...(images > 0 ? { images } : {}),
  }
}

/** Neighbours of one role become one message: two of the three dialects have no other way of saying them. */
export function joinNeighbours(messages: readonly SimulatedMessage[]): readonly SimulatedMessage[] {
  const joined: SimulatedMessage[] = []
  for (const message of messages) {
    const last = joined.at(-1)
    if (last?.role !== message.role) {
      joined.push(message)
      continue
    }
    const images = (last.images ?? 0) + (message.images ?? 0)
    const content = last.content + message.content
    joined[joined.length - 1] = { role: last.role, content, ...(images > 0 ? { images } : {}) }
  }
  return joined
}

/** Takes the beginning of the answer off the conversation, which ends with it. */
export function takePrefix({
  messages,
  isMarked = true,
}: {
  messages: readonly SimulatedMessage[]
  /** Whether the last message says that it is one; some dialects have no other meaning for an assistant's last word. */
  isMarked?: boolean
}): Pick<SimulatedRequest, 'messages' | 'prefix'> {
  const last = messages.at(-1)
  if (!isMarked || last?.role !== 'assistant' || last.content === '') return { messages }
  return { messages: messages.slice(0, -1), prefix: last.content }
}

export function toolOf({
  name,
  description,
  parameters,
}: Record<keyof SimulatedTool, unknown>): SimulatedTool {
  const told = wordsOf(description)
  return {
    name: wordsOf(name),
    ...(told === '' ? {} : { description: told }),
    ...(parameters === undefined ? {} : { parameters }),
  }
}

/** Only text counts by its tokens; an image counts as 85 tokens, OpenAI's price of one in low detail. */
const IMAGE_TOKENS = 85

/** Counts are kept by a hash of the prompt, never with the prompt. */
const MAX_KEPT = 1_000

/** The tools as OpenAI writes them: what they are counted as. */
const toolsJson = (tools: readonly SimulatedTool[]) =>
  JSON.stringify(tools.map((tool) => ({ type: 'function', function: tool })))

/**
 * Counts prompts: the o200k tokens of the text, 85 an image, 4 a message, 3 for the answer's start, and the o200k tokens of the tools as
 * JSON. That is never above the router's bound in bytes, since each token is at least one byte.
 */
export function createPromptCounter(): (
  request: Pick<SimulatedRequest, 'messages' | 'tools' | 'prefix'>,
) => Promise<number> {
  const kept = new Map<string, number>()
  return async ({ messages: before, tools, prefix }) => {
    const said: readonly SimulatedMessage[] =
      prefix === undefined ? [] : [{ role: 'assistant', content: prefix }]
    const messages = [...before, ...said]
    const key = createHash('sha256')
      .update(JSON.stringify([messages, tools]))
      .digest('base64')
    const known = kept.get(key)
    if (known !== undefined) return known
    let total = 3
    for (const { content, images = 0 } of messages) {
      total += 4 + images * IMAGE_TOKENS + (await countTokens(content))
    }
    if (tools.length > 0) total += await countTokens(toolsJson(tools))
    if (kept.size >= MAX_KEPT) kept.clear()
    kept.set(key, total)
    return total
  }
}
