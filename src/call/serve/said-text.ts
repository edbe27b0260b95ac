import { isObject } from '../../chat/read-values.ts'
import type { StreamPart } from '../../chat/types.ts'

/** The plain text that an answer has brought so far, for whoever would have it continued. */
export type SaidText = {
  readonly add: (part: StreamPart) => void
  /** undefined where there is more to the answer than text: calls of tools, thoughts, a refusal, or nothing at all. */
  readonly text: () => string | undefined
  /** Of the first chunk: what all chunks of one answer have in common. */
  readonly frame: () => Readonly<Record<string, unknown>> | undefined
}

const BEYOND_TEXT = [
  'tool_calls',
  'function_call',
  'refusal',
  'reasoning',
  'reasoning_content',
  'audio',
] as const

const isThere = (value: unknown) => value !== undefined && value !== null && value !== ''

export function createSaidText(): SaidText {
  const texts: string[] = []
  let frame: Readonly<Record<string, unknown>> | undefined
  let isPlain = true
  return {
    add(part) {
      if (part.type !== 'content') return
      const chunk: unknown = JSON.parse(part.json)
      const choices: unknown = isObject(chunk) ? chunk['choices'] : undefined
      const choice: unknown = Array.isArray(choices) ? choices[0] : undefined
      const delta = isObject(choice) ? choice['delta'] : undefined
      if (!isObject(chunk) || !isObject(delta) || part.hasReasoning) {
        isPlain = false
        return
      }
      frame ??= { id: chunk['id'], created: chunk['created'], model: chunk['model'] }
      if (BEYOND_TEXT.some((name) => isThere(delta[name]))) isPlain = false
      if (typeof delta['content'] === 'string') texts.push(delta['content'])
    },
    text: () => (isPlain && texts.length > 0 ? texts.join('') : undefined),
    frame: () => frame,
  }
}
