import { isUtf8 } from 'node:buffer'
import { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import { type JsonMember, scanMembers } from '../lib/json-members.ts'
import { LIMITS } from '../lib/limits.ts'
import { checkMessages } from './check-messages.ts'
import { checkOptions, invalidField } from './check-options.ts'
import { CHAT_FIELDS, nearestField } from './fields.ts'
import type { ChatRequest } from './types.ts'

/** A name that may be shown: anything else in a key's place could be prompt text. */
const SHOWABLE = /^[\w.-]{1,64}$/
const MODEL_NAME = /^[\x21-\x7e]+$/

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

function readModel(model: unknown): string {
  if (model === undefined) {
    throw new TurnpikeError('missing_field', { param: 'model', message: 'model is missing.' })
  }
  if (typeof model !== 'string' || model.length > LIMITS.modelNameChars || !MODEL_NAME.test(model)) {
    throw invalidField('model', `must be a name of 1 to ${LIMITS.modelNameChars} printable characters.`)
  }
  return model
}

function checkNames(members: readonly JsonMember[]): void {
  const unknown = members.find(({ key }) => !CHAT_FIELDS.has(key))
  if (!unknown) return
  if (!SHOWABLE.test(unknown.key)) throw new TurnpikeError('unknown_field')
  const nearest = nearestField(unknown.key)
  throw new TurnpikeError('unknown_field', {
    param: unknown.key,
    message: `There is no field ${unknown.key}.${nearest ? ` Did you mean ${nearest}?` : ''}`,
  })
}

/**
 * Reads the body of a chat completion: once, before anything is paid, and strictly, because what is priced here is what
 * will be sent. No error of it ever holds text of the prompt.
 *
 * @param body the raw bytes; UTF-8.
 * @throws TurnpikeError `invalid_json`, `ambiguous_json`, `missing_field`, `invalid_field`, `unknown_field` or
 * `contradicting_options`, with the field in `param`. A missing model comes first: http reads it as a probe.
 * @example readChatRequest({ body: Buffer.from('{"model":"auto","messages":[{"role":"user","content":"Hi"}]}') })
 */
export function readChatRequest({ body }: { body: Uint8Array }): ChatRequest {
  const { text, fields } = parseObject(body)
  const members = scanMembers(text)
  const model = readModel(fields['model'])
  checkNames(members)
  const messageCount = checkMessages(fields['messages'])
  return { model, messageCount, ...checkOptions(fields), fields, text, members }
}
