import { invalidField } from '../../chat/check-options.ts'
import { CHAT_SCHEMAS } from '../../chat/fields.ts'
import { missingField } from '../../chat/read-values.ts'
import { objectOf, type Schema } from '../../chat/schema.ts'
import type { Arguments } from './tool.ts'

/** A model has to read the schema of every tool, so the fields that are rarely used are left out of it. They are taken all the same. */
const SHOWN = ['model', 'messages', 'max_tokens', 'temperature', 'tools', 'tool_choice', 'response_format']

export const CHAT_PATH = '/v1/chat/completions'

export const CHAT_ARGUMENTS: Schema = objectOf({
  fields: Object.fromEntries(
    SHOWN.flatMap((name) => (CHAT_SCHEMAS[name] ? [[name, CHAT_SCHEMAS[name]]] : [])),
  ),
  required: ['model', 'messages'],
  isOpen: true,
})

/**
 * The body of the call that is asked for. The order of its members stays, so that the same arguments are the same bytes: a quote is for
 * just these.
 *
 * @throws missing_field: without a model there is a price and nothing to buy by it; invalid_field for a stream.
 */
export function chatBodyOf(given: Arguments): string {
  if (given['model'] === undefined) throw missingField('model')
  if (given['stream'] === true)
    throw invalidField('stream', 'must be left out: the result of a tool comes whole.')
  return JSON.stringify(given)
}
