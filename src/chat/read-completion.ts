import { readUsage } from './read-usage.ts'
import { speaksReasoning, spokenText } from './spoken-text.ts'
import type { Usage } from './usage.ts'

export type Completion = {
  readonly model: string
  /** Of the first choice. */
  readonly finishReason: string
  /** What was written in all choices, as a tokenizer would count it. */
  readonly text: string
  /** Whether reasoning is in the text; absent where none is. */
  readonly hasReasoning?: boolean
  readonly usage?: Usage
}

type Fields = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

/**
 * Reads a full (not streamed) chat completion.
 *
 * @returns undefined where the text is no completion: not JSON, an `error` object, or no choices.
 */
export function readCompletion(json: string): Completion | undefined {
  const body = parse(json)
  if (!isObject(body) || isObject(body['error'])) return undefined
  const choices: unknown = body['choices']
  if (!Array.isArray(choices) || choices.length === 0) return undefined
  const first: unknown = choices[0]
  const reason = isObject(first) ? first['finish_reason'] : undefined
  const usage = readUsage(body['usage'])
  const messages = choices.map((choice: unknown) => (isObject(choice) ? choice['message'] : undefined))
  return {
    model: typeof body['model'] === 'string' ? body['model'] : '',
    finishReason: typeof reason === 'string' ? reason : 'stop',
    text: messages.map(spokenText).join(''),
    ...(messages.some(speaksReasoning) ? { hasReasoning: true } : {}),
    ...(usage ? { usage } : {}),
  }
}
