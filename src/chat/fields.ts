/** Fields of OpenAI's published chat completion request, plus the output cap's name in the responses dialect. */
const OPENAI_FIELDS = [
  'model',
  'messages',
  'audio',
  'frequency_penalty',
  'function_call',
  'functions',
  'logit_bias',
  'logprobs',
  'max_completion_tokens',
  'max_output_tokens',
  'max_tokens',
  'metadata',
  'modalities',
  'moderation',
  'n',
  'parallel_tool_calls',
  'prediction',
  'presence_penalty',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'reasoning_effort',
  'response_format',
  'safety_identifier',
  'seed',
  'service_tier',
  'stop',
  'store',
  'stream',
  'stream_options',
  'temperature',
  'tool_choice',
  'tools',
  'top_logprobs',
  'top_p',
  'user',
  'verbosity',
  'web_search_options',
] as const

/** Fields that only a router understands, ours and OpenRouter's: no provider ever sees them. */
export const ROUTER_FIELDS = [
  'budget',
  'continue',
  'models',
  'plugins',
  'provider',
  'route',
  'session_id',
  'usage',
] as const

export const CHAT_FIELDS: ReadonlySet<string> = new Set([...OPENAI_FIELDS, ...ROUTER_FIELDS])

/** Levenshtein's distance, one row at a time. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}

/**
 * The known field that is nearest to a misspelt one, or undefined where none is near (more than a third changed).
 *
 * @example nearestField({ name: 'temprature', known: CHAT_FIELDS }) // 'temperature'
 */
export function nearestField({
  name,
  known,
}: {
  name: string
  known: ReadonlySet<string>
}): string | undefined {
  const ranked = [...known]
    .map((field) => ({ field, changes: distance(name.toLowerCase(), field) }))
    .sort((a, b) => a.changes - b.changes)
  const best = ranked[0]
  return best && best.changes <= Math.max(2, Math.floor(name.length / 3)) ? best.field : undefined
}
