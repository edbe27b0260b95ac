import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'

/** A body as one JSON object; nothing is an empty one. @throws TurnpikeError `invalid_json`. */
export function readJson(bytes: Buffer): unknown {
  if (bytes.length === 0) return {}
  let value: unknown
  try {
    value = JSON.parse(bytes.toString())
  } catch (cause) {
    throw new TurnpikeError('invalid_json', { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TurnpikeError('invalid_json', { message: 'The body must be one JSON object.' })
  return value
}
