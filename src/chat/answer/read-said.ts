import { isObject } from '../read-values.ts'

/** The smallest things that a model says, in the order in which it says them. */
export type Said =
  | { readonly kind: 'reasoning' | 'text' | 'refusal' | 'signature' | 'encrypted'; readonly text: string }
  | {
      readonly kind: 'tool'
      /** Which of the parallel calls. */
      readonly index: number
      readonly id: string
      readonly name: string
      /** The arguments' JSON, or the next piece of it. */
      readonly text: string
    }

const textOf = (value: unknown) => (typeof value === 'string' ? value : '')

/** `reasoning_details`, where they are there, say what `reasoning` says, and the signatures as well. */
function readReasoning(said: Readonly<Record<string, unknown>>): Said[] {
  const details = said['reasoning_details']
  if (!Array.isArray(details) || details.length === 0) {
    return [{ kind: 'reasoning', text: textOf(said['reasoning_content']) || textOf(said['reasoning']) }]
  }
  return details.filter(isObject).flatMap((detail): Said[] => [
    { kind: 'reasoning', text: textOf(detail['text']) || textOf(detail['summary']) },
    { kind: 'signature', text: textOf(detail['signature']) },
    { kind: 'encrypted', text: textOf(detail['data']) },
  ])
}

function readContent(content: unknown): string {
  if (!Array.isArray(content)) return textOf(content)
  return content.map((part: unknown) => (isObject(part) ? textOf(part['text']) : '')).join('')
}

function readCalls(calls: unknown): Said[] {
  if (!Array.isArray(calls)) return []
  return calls.filter(isObject).map((call, place): Said => {
    const called = isObject(call['function']) ? call['function'] : {}
    // Some providers number nothing; then the place is the number.
    const index = typeof call['index'] === 'number' ? call['index'] : place
    const [id, name] = [textOf(call['id']), textOf(called['name'])]
    return { kind: 'tool', index, id, name, text: textOf(called['arguments']) }
  })
}

/**
 * What a delta of a chunk, or the message of a whole completion, says. Both have the same form, so that a streamed answer and one
 * that is not are read by the same code.
 */
export function readSaid(said: unknown): readonly Said[] {
  if (!isObject(said)) return []
  const all: readonly Said[] = [
    ...readReasoning(said),
    { kind: 'text', text: readContent(said['content']) },
    { kind: 'refusal', text: textOf(said['refusal']) },
    ...readCalls(said['tool_calls']),
  ]
  return all.filter(({ kind, text }) => kind === 'tool' || text !== '')
}

/** What is of interest in a chunk or in a completion: the first choice, since only the chat dialect knows others. */
export type ReadChunk = {
  readonly model: string
  readonly said: readonly Said[]
  readonly finishReason?: string
  /** The caller's sequence that ended the answer, where the provider says so: vLLM's name for it is `stop_reason`. */
  readonly stopSequence?: string
}

/** @param json of a chunk, or of a whole completion. */
export function readChunk(json: string): ReadChunk {
  const chunk: unknown = JSON.parse(json)
  if (!isObject(chunk)) return { model: '', said: [] }
  const choices: readonly unknown[] = Array.isArray(chunk['choices']) ? chunk['choices'] : []
  const choice = choices.filter(isObject).find(({ index }) => index === undefined || index === 0)
  const { finish_reason: reason, stop_reason: sequence } = choice ?? {}
  return {
    model: textOf(chunk['model']),
    said: readSaid(choice?.['message'] ?? choice?.['delta']),
    ...(typeof reason === 'string' ? { finishReason: reason } : {}),
    ...(typeof sequence === 'string' ? { stopSequence: sequence } : {}),
  }
}
