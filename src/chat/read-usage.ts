import type { Usage } from './usage.ts'

type Fields = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null

/** A count as it should be; undefined where it is not one. Missing and null are 0. */
function count(value: unknown): number | undefined {
  if (value === undefined || value === null) return 0
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}

type Counts = {
  readonly prompt: number
  readonly completion: number
  readonly total: number
  readonly cached: number
  readonly written: number
  readonly writtenForAnHour: number
  readonly audioIn: number
  readonly reasoning: number
  readonly audioOut: number
  readonly imagesOut: number
}

function readCounts(usage: Fields): Counts | undefined {
  const input = isObject(usage['prompt_tokens_details']) ? usage['prompt_tokens_details'] : {}
  const output = isObject(usage['completion_tokens_details']) ? usage['completion_tokens_details'] : {}
  const counts = {
    prompt: count(usage['prompt_tokens'] ?? -1),
    completion: count(usage['completion_tokens']),
    total: count(usage['total_tokens']),
    // DeepSeek's first name for the same thing.
    cached: count(input['cached_tokens'] ?? usage['prompt_cache_hit_tokens']),
    written: count(input['cache_write_tokens'] ?? usage['cache_creation_input_tokens']),
    writtenForAnHour: count(input['cache_write_1h_tokens']),
    audioIn: count(input['audio_tokens']),
    reasoning: count(output['reasoning_tokens']),
    audioOut: count(output['audio_tokens']),
    imagesOut: count(output['image_tokens']),
  }
  return Object.values(counts).includes(undefined) ? undefined : (counts as Counts)
}

/**
 * Turns OpenAI's `usage` object, whose details are parts of its totals, into disjoint buckets.
 *
 * Cached, written and audio tokens are inside `prompt_tokens`; reasoning, audio and images inside
 * `completion_tokens`. Some providers (xAI) put reasoning beside it instead, which shows in `total_tokens`. A detail that
 * is larger than its total is cut to it, so the buckets always add up to what the provider says it billed.
 *
 * @returns undefined where the object is missing, or where a number of it is negative or not an integer.
 * @example readUsage({ prompt_tokens: 10, completion_tokens: 2 }) // inputUncached 10, outputText 2
 */
export function readUsage(value: unknown): Usage | undefined {
  if (!isObject(value)) return undefined
  const counts = readCounts(value)
  if (!counts) return undefined
  const isReasoningBeside =
    counts.reasoning > 0 && counts.total === counts.prompt + counts.completion + counts.reasoning
  let input = counts.prompt
  let output = counts.completion + (isReasoningBeside ? counts.reasoning : 0)
  const fromInput = (wanted: number) => {
    const taken = Math.min(wanted, input)
    input -= taken
    return taken
  }
  const fromOutput = (wanted: number) => {
    const taken = Math.min(wanted, output)
    output -= taken
    return taken
  }
  const cacheRead = fromInput(counts.cached)
  const written = fromInput(counts.written)
  const cacheWriteHour = Math.min(counts.writtenForAnHour, written)
  const audioIn = fromInput(counts.audioIn)
  const reasoning = fromOutput(counts.reasoning)
  const audioOut = fromOutput(counts.audioOut)
  const images = fromOutput(counts.imagesOut)
  return {
    inputUncached: input,
    cacheRead,
    cacheWrite: written - cacheWriteHour,
    cacheWriteHour,
    outputText: output,
    reasoning,
    images,
    audio: audioIn + audioOut,
  }
}
