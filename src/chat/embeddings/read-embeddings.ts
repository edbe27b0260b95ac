import type { Completion } from '../read-completion.ts'
import { readUsage } from '../read-usage.ts'
import { isObject } from '../read-values.ts'

/**
 * Reads an answer of embeddings as an answer without text: what is billed is its input.
 *
 * @returns undefined where it is none: not JSON, an `error` object, or no list of embeddings.
 */
export function readEmbeddings(json: string): Completion | undefined {
  let body: unknown
  try {
    body = JSON.parse(json)
  } catch {
    return undefined
  }
  if (!isObject(body) || isObject(body['error']) || !Array.isArray(body['data']) || body['data'].length === 0)
    return undefined
  const usage = readUsage(body['usage'])
  const { model } = body
  return {
    model: typeof model === 'string' ? model : '',
    finishReason: 'stop',
    text: '',
    ...(usage ? { usage } : {}),
  }
}
