import type { ChatRequest } from './types.ts'

/** What a request asks of a model beyond text; only a model that is known to have it may be chosen for the caller. */
export type RequestNeeds = {
  readonly tools: boolean
  readonly structuredOutput: boolean
  readonly images: boolean
  readonly audio: boolean
  /** The caller asks for thinking, or for more of it than none. */
  readonly reasoning: boolean
  /** Something is to be kept in a cache for an hour, which has a price of its own. */
  readonly hourCache: boolean
}

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined

function partTypes(messages: unknown): ReadonlySet<unknown> {
  const list: readonly unknown[] = Array.isArray(messages) ? messages : []
  return new Set(
    list.flatMap((message) => {
      const content = fieldOf(message, 'content')
      return Array.isArray(content) ? content.map((part) => fieldOf(part, 'type')) : []
    }),
  )
}

const forAnHour = (value: unknown): boolean => fieldOf(fieldOf(value, 'cache_control'), 'ttl') === '1h'

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** On a message, or on a part or call of one. */
const hasHourMark = (fields: ChatRequest['fields']): boolean =>
  listOf(fields['messages']).some(
    (message) =>
      forAnHour(message) ||
      listOf(fieldOf(message, 'content')).some(forAnHour) ||
      listOf(fieldOf(message, 'tool_calls')).some(forAnHour),
  )

const NO_EFFORT: ReadonlySet<unknown> = new Set([undefined, null, 'none', 'minimal'])

/** `adaptive` leaves it to the model. */
const asksForReasoning = (fields: ChatRequest['fields']): boolean =>
  fieldOf(fields['thinking'], 'type') === 'enabled' || !NO_EFFORT.has(fields['reasoning_effort'])

/** Reads what a model must be able to do, from the fields that say so; nothing of the text is looked at. */
export function requestNeeds({
  toolCount,
  hasMessageExtensions,
  fields,
}: Pick<ChatRequest, 'toolCount' | 'hasMessageExtensions' | 'fields'>): RequestNeeds {
  const format = fieldOf(fields['response_format'], 'type')
  const parts = partTypes(fields['messages'])
  return {
    tools: toolCount > 0,
    structuredOutput: format === 'json_schema' || format === 'json_object',
    images: parts.has('image_url'),
    audio: parts.has('input_audio'),
    reasoning: asksForReasoning(fields),
    hourCache: listOf(fields['tools']).some(forAnHour) || (hasMessageExtensions && hasHourMark(fields)),
  }
}
