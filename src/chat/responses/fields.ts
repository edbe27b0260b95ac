/** Fields of OpenAI's published responses request that can be honoured. */
const HONOURED = [
  'model',
  'input',
  'include',
  'instructions',
  'max_output_tokens',
  'metadata',
  'parallel_tool_calls',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'reasoning',
  'safety_identifier',
  'service_tier',
  'store',
  'stream',
  'stream_options',
  'temperature',
  'text',
  'tool_choice',
  'tools',
  'top_logprobs',
  'top_p',
  'truncation',
  'user',
] as const

/** Fields that are known and cannot be honoured, and why. */
export const REFUSED_FIELDS: Readonly<Record<string, string>> = {
  access_programs: 'is not sold here.',
  background: 'is not possible here: nothing is stored, so an answer can only be given at once.',
  context_management: 'is not done here: shorten the input yourself.',
  conversation: 'is not possible here: nothing is stored. Send the whole conversation in input.',
  image: 'is not sold here: only text output is.',
  max_tool_calls: 'is about tools that a vendor runs, and those are not sold here.',
  moderation: 'is not sold here.',
  previous_response_id:
    'is not possible here: nothing is stored. Send the earlier items in input, with store: false.',
  prompt: 'is not possible here: prompts are stored at one vendor only. Send the text itself.',
}

/** These of them are refused only where they ask for something. */
export const REFUSED_IF_TRUE: ReadonlySet<string> = new Set(['background'])

export const RESPONSES_FIELDS: ReadonlySet<string> = new Set([...HONOURED, ...Object.keys(REFUSED_FIELDS)])

/** Fields that both dialects of OpenAI share, by name and meaning. */
export const SHARED_FIELDS = [
  'metadata',
  'parallel_tool_calls',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'safety_identifier',
  'service_tier',
  'temperature',
  'top_p',
  'user',
] as const

/**
 * Fields of each kind of item in `input`. `id` and `status` are what an earlier answer said, and mean nothing here; nor does what OpenAI's
 * SDK adds to the items of a stream, `parsed` and `parsed_arguments`.
 */
export const ITEM_FIELDS: Readonly<Record<string, ReadonlySet<string>>> = {
  message: new Set(['type', 'id', 'status', 'role', 'content', 'phase']),
  function_call: new Set(['type', 'id', 'status', 'call_id', 'name', 'arguments', 'parsed_arguments']),
  function_call_output: new Set(['type', 'id', 'status', 'call_id', 'output']),
  reasoning: new Set(['type', 'id', 'status', 'summary', 'content', 'encrypted_content']),
}

export const PART_FIELDS: Readonly<Record<string, ReadonlySet<string>>> = {
  input_text: new Set(['type', 'text']),
  output_text: new Set(['type', 'text', 'annotations', 'logprobs', 'parsed']),
  refusal: new Set(['type', 'refusal']),
  input_image: new Set(['type', 'image_url', 'detail', 'file_id']),
}

export const TOOL_FIELDS: ReadonlySet<string> = new Set([
  'type',
  'name',
  'description',
  'parameters',
  'strict',
])
