import { isUtf8 } from 'node:buffer'
import { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import { type JsonMember, scanMembers } from '../lib/json-members.ts'
import { invalidField } from './check-options.ts'
import { nearestField } from './nearest-field.ts'
import { MODEL_FIELD } from './shared-fields.ts'

/** A name that may be shown: anything else in a key's place could be prompt text. */
const SHOWABLE = /^[\w.-]{1,64}$/
const MODEL_NAME = new RegExp(MODEL_FIELD.pattern)

function parseObject(body: Uint8Array): { text: string; fields: Record<string, unknown> } {
  if (!isUtf8(body)) throw new TurnpikeError('invalid_json', { message: 'The request body is not UTF-8.' })
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString()
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The parser's own message quotes the text around the fault, which may be a prompt.
    throw new TurnpikeError('invalid_json')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TurnpikeError('invalid_json', { message: 'The request body is not a JSON object.' })
  }
  return { text, fields: value as Record<string, unknown> }
}

/**
 * The model's name. A missing one has a code of its own: http reads it as a probe.
 *
 * @throws TurnpikeError `missing_field` or `invalid_field`.
 */
export function readModel(model: unknown): string {
  if (model === undefined) {
    throw new TurnpikeError('missing_field', { param: 'model', message: 'model is missing.' })
  }
  if (typeof model !== 'string' || model.length > MODEL_FIELD.maxLength || !MODEL_NAME.test(model)) {
    throw invalidField('model', `must be a name of 1 to ${MODEL_FIELD.maxLength} printable characters.`)
  }
  return model
}

/**
 * Refuses a name that is not known, and names the nearest one that is.
 *
 * @param at where the object stands, e.g. `messages[0].content[1]`; absent for the body itself.
 * @throws TurnpikeError `unknown_field`; a name that could be text of the prompt is not repeated.
 */
export function checkNames({
  names,
  known,
  at,
}: {
  names: readonly string[]
  known: ReadonlySet<string>
  at?: string
}): void {
  const unknown = names.find((name) => !known.has(name))
  if (unknown === undefined) return
  if (!SHOWABLE.test(unknown)) throw new TurnpikeError('unknown_field', at ? { param: at } : {})
  const nearest = nearestField({ name: unknown, known })
  const param = at ? `${at}.${unknown}` : unknown
  throw new TurnpikeError('unknown_field', {
    param,
    message: `There is no field ${param}.${nearest ? ` Did you mean ${nearest}?` : ''}`,
  })
}

/** A body as it was parsed, and where its members stand in its text. */
export type BodyObject = {
  readonly text: string
  readonly fields: Readonly<Record<string, unknown>>
  readonly members: readonly JsonMember[]
}

/**
 * Parses a body once: one JSON object in UTF-8 in which no two readers can see two requests.
 *
 * @throws TurnpikeError `invalid_json` or `ambiguous_json`.
 */
export function readBodyObject({ body }: { body: Uint8Array }): BodyObject {
  const { text, fields } = parseObject(body)
  return { text, fields, members: scanMembers(text) }
}
