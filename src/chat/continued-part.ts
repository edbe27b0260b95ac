import { isObject } from './read-values.ts'
import type { StreamPart } from './types.ts'
import { inputTokens, outputTokens, type Usage } from './usage.ts'

type Seam = {
  /** `id`, `created` and `model` of the answer's first chunk: to its reader it is one answer. */
  readonly frame: Readonly<Record<string, unknown>>
  /** White space at the end of what was said, which was not sent along: providers refuse it there. */
  readonly tail: string
  /** What the earlier providers counted. */
  readonly earlier: Usage
  /** Of this answer: 1 for the first. */
  readonly number: number
}

const numberIn = (value: unknown) => (typeof value === 'number' ? value : 0)

function withEarlier(usage: Readonly<Record<string, unknown>>, earlier: Usage) {
  const prompt = numberIn(usage['prompt_tokens']) + inputTokens(earlier)
  const completion = numberIn(usage['completion_tokens']) + outputTokens(earlier)
  return { ...usage, prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion }
}

/**
 * Rewrites the parts of a continuation so that they go on where the stream broke: no second opening, the first chunk's names, no white
 * space twice, and in the usage what all providers counted together. The first event after the seam says that it is one
 * (`turnpike.continuation`): who reads an answer closely may want to look at that place.
 */
export function createContinuedParts({
  frame,
  tail,
  earlier,
  number,
}: Seam): (part: StreamPart) => StreamPart | undefined {
  let pending = tail
  let mark: object = { turnpike: { continuation: number } }
  const trimmed = (content: string): string => {
    if (pending === '') return content
    const { length } = pending
    if (content.startsWith(pending)) {
      pending = ''
      return content.slice(length)
    }
    if (pending.startsWith(content)) {
      pending = pending.slice(content.length)
      return ''
    }
    pending = ''
    return content
  }
  return (part) => {
    if (part.type === 'preamble') return undefined
    const chunk: unknown = JSON.parse(part.json)
    if (!isObject(chunk)) return part
    const choices = (Array.isArray(chunk['choices']) ? chunk['choices'] : []).map((choice: unknown) => {
      const delta = isObject(choice) ? choice['delta'] : undefined
      if (!isObject(choice) || !isObject(delta) || typeof delta['content'] !== 'string') return choice
      return { ...choice, delta: { ...delta, content: trimmed(delta['content']) } }
    })
    const usage = isObject(chunk['usage']) ? { usage: withEarlier(chunk['usage'], earlier) } : {}
    const json = JSON.stringify({ ...chunk, ...frame, choices, ...usage, ...mark })
    mark = {}
    return { ...part, json }
  }
}
