import { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import { invalidField } from './check-options.ts'
import { hasExtension } from './extensions.ts'
import { PART_TYPES, ROLES, SPOKEN_BESIDE } from './message-fields.ts'

const KNOWN_ROLES: ReadonlySet<unknown> = new Set(ROLES)
const KNOWN_PARTS: ReadonlySet<unknown> = new Set(PART_TYPES)

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function checkParts(parts: readonly unknown[], param: string): void {
  for (let index = 0; index < parts.length; index += 1) {
    const part = parts[index]
    const name = `${param}[${index}]`
    if (!isObject(part)) throw invalidField(name, 'must be an object.')
    const { type } = part
    if (!KNOWN_PARTS.has(type)) {
      throw invalidField(`${name}.type`, `must be one of ${PART_TYPES.join(', ')}.`)
    }
    if (type === 'text' && typeof part['text'] !== 'string') {
      throw invalidField(`${name}.text`, 'must be a string.')
    }
  }
}

/** What an assistant said about its own thinking, in the words of the providers that have any: carried, never read. */
function checkReasoning(message: Readonly<Record<string, unknown>>, at: string): void {
  const details = message['reasoning_details']
  if (details !== undefined && details !== null && !(Array.isArray(details) && details.every(isObject))) {
    throw invalidField(`${at}.reasoning_details`, 'must be an array of objects.')
  }
  for (const name of SPOKEN_BESIDE) {
    const value = message[name]
    if (value !== undefined && value !== null && typeof value !== 'string') {
      throw invalidField(`${at}.${name}`, 'must be a string.')
    }
  }
}

/**
 * Checks `messages` as far as bounding and counting need it; what a provider checks anyway is left to the provider.
 *
 * @returns how many there are, and whether one carries what only some upstreams know (the table EXTENSIONS).
 * @throws TurnpikeError `missing_field` or `invalid_field`; param names the place, never the text.
 */
export function checkMessages(messages: unknown): {
  readonly messageCount: number
  readonly hasMessageExtensions: boolean
} {
  if (messages === undefined) {
    throw new TurnpikeError('missing_field', { param: 'messages', message: 'messages is missing.' })
  }
  if (!Array.isArray(messages)) throw invalidField('messages', 'must be an array.')
  if (messages.length === 0) throw invalidField('messages', 'must not be empty.')
  let hasMessageExtensions = false
  for (let index = 0; index < messages.length; index += 1) {
    const message: unknown = messages[index]
    const at = `messages[${index}]`
    if (!isObject(message)) throw invalidField(at, 'must be an object.')
    if (!KNOWN_ROLES.has(message['role'])) {
      throw invalidField(`${at}.role`, `must be one of ${ROLES.join(', ')}.`)
    }
    const { content } = message
    if (Array.isArray(content)) checkParts(content, `${at}.content`)
    else if (content !== undefined && content !== null && typeof content !== 'string') {
      throw invalidField(`${at}.content`, 'must be a string or an array of parts.')
    }
    if (message['role'] === 'assistant') checkReasoning(message, at)
    hasMessageExtensions ||= hasExtension(message)
  }
  return { messageCount: messages.length, hasMessageExtensions }
}
