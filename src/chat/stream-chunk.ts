import { readUsage } from './read-usage.ts'
import { speaksReasoning, spokenText } from './spoken-text.ts'
import type { StreamPart } from './types.ts'

/** An event that is no chunk. The provider's own words are not in it: they may echo the prompt. */
export type StreamError = {
  readonly type: 'error'
  readonly message: string
  /** The HTTP status that the provider would have sent, where the event carries one. */
  readonly status?: number
}

type Fields = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null

const MALFORMED: StreamError = { type: 'error', message: 'The provider sent an event that is not a chunk.' }

function parse(json: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function readError(error: unknown): StreamError {
  const code = isObject(error) ? (error['code'] ?? error['status']) : undefined
  const isStatus = typeof code === 'number' && Number.isInteger(code) && code >= 400 && code <= 599
  return {
    type: 'error',
    message: 'The provider sent an error inside its stream.',
    ...(isStatus ? { status: code } : {}),
  }
}

/**
 * Classifies one event of an OpenAI-dialect stream.
 *
 * Usage is found wherever providers put it: in a chunk of its own with empty choices, beside an empty delta, in the
 * chunk with finish_reason, or repeated with every chunk. `usage: null`, which OpenAI sends until the last chunk, is none.
 *
 * @param json the data of one event, never `[DONE]`.
 * @returns a part whose `json` stands on one line, or an error: an `error` object inside the 200, or something that is
 * no chunk at all.
 */
export function readStreamEvent(json: string): StreamPart | StreamError {
  const chunk = parse(json)
  if (!chunk) return MALFORMED
  if (isObject(chunk['error'])) return readError(chunk['error'])
  const choices = chunk['choices']
  const groq = chunk['x_groq']
  const usage = readUsage(chunk['usage'] ?? (isObject(groq) ? groq['usage'] : undefined))
  if (!Array.isArray(choices) && !usage) return MALFORMED

  let text = ''
  let reason: string | undefined
  let hasReasoning = false
  for (const choice of Array.isArray(choices) ? choices : []) {
    if (!isObject(choice)) continue
    text += spokenText(choice['delta'])
    hasReasoning ||= speaksReasoning(choice['delta'])
    if (typeof choice['finish_reason'] === 'string') reason = choice['finish_reason']
  }
  // Data of several lines was joined by line feeds, which between JSON tokens are worth a space.
  const line = json.includes('\n') ? json.replaceAll('\n', ' ') : json
  const rest = { ...(hasReasoning ? { hasReasoning } : {}), ...(usage ? { usage } : {}) }
  if (reason !== undefined) return { type: 'finish', json: line, reason, text, ...rest }
  if (text !== '') return { type: 'content', json: line, text, ...rest }
  return usage ? { type: 'usage', json: line, usage } : { type: 'preamble', json: line }
}
