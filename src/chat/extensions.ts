/**
 * What other dialects say and OpenAI's has no word for. Requests carry it through the house under these names, by the place where it
 * stands; only an upstream that knows a name ever sees it. `reasoning_details` is OpenRouter's name, `extra_content` Google's, the others
 * are Anthropic's.
 */
export const EXTENSIONS = {
  request: ['thinking', 'top_k'],
  /** `cache_control` is of a tool's result or of the whole request, which ends here; `is_error` of a tool's result. */
  message: ['cache_control', 'is_error', 'reasoning_details'],
  /** Of an array in `content`. */
  part: ['cache_control'],
  /** Of an assistant's `tool_calls`. */
  toolCall: ['cache_control', 'extra_content'],
  tool: ['cache_control'],
} as const

type Fields = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const hasOne = (value: unknown, names: readonly string[]) =>
  isObject(value) && names.some((name) => value[name] !== undefined)

const someHave = (list: unknown, names: readonly string[]) =>
  Array.isArray(list) && list.some((one) => hasOne(one, names))

/** Whether a message carries an extension, itself or in one of its parts or calls. */
export const hasExtension = (message: Fields): boolean =>
  hasOne(message, EXTENSIONS.message) ||
  someHave(message['content'], EXTENSIONS.part) ||
  someHave(message['tool_calls'], EXTENSIONS.toolCall)

function without(value: unknown, names: readonly string[]): unknown {
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)))
}

const eachWithout = (list: unknown, names: readonly string[]) =>
  Array.isArray(list) ? list.map((one) => without(one, names)) : list

function plainMessage(message: unknown): unknown {
  const plain = without(message, EXTENSIONS.message)
  if (!isObject(plain)) return plain
  return {
    ...plain,
    ...('content' in plain ? { content: eachWithout(plain['content'], EXTENSIONS.part) } : {}),
    ...('tool_calls' in plain ? { tool_calls: eachWithout(plain['tool_calls'], EXTENSIONS.toolCall) } : {}),
  }
}

/**
 * The members of a request that an upstream of plain OpenAI dialect must see written anew, as JSON by name. Members without an
 * extension are not in it and go out as they were written.
 *
 * @param hasMessageExtensions as the reader of the request found it, so that the usual call looks at nothing here.
 */
export function plainMembers({
  fields,
  hasMessageExtensions,
}: {
  fields: Fields
  hasMessageExtensions: boolean
}): Record<string, string | undefined> {
  const replace: Record<string, string | undefined> = {}
  for (const name of EXTENSIONS.request) replace[name] = undefined
  const { messages, tools } = fields
  if (hasMessageExtensions && Array.isArray(messages)) {
    replace['messages'] = JSON.stringify(messages.map(plainMessage))
  }
  if (someHave(tools, EXTENSIONS.tool)) replace['tools'] = JSON.stringify(eachWithout(tools, EXTENSIONS.tool))
  return replace
}
