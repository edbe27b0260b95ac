import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'

/** A small JSON object with known fields; an empty body is an empty one. @throws invalid_json, unknown_field */
export function readObject({
  body,
  known,
}: {
  body: Buffer
  known: ReadonlySet<string>
}): Readonly<Record<string, unknown>> {
  if (body.length === 0) return {}
  let value: unknown
  try {
    value = JSON.parse(body.toString())
  } catch (cause) {
    throw new TurnpikeError('invalid_json', { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TurnpikeError('invalid_json', { message: 'The body must be one JSON object.' })
  const unknown = Object.keys(value).find((name) => !known.has(name))
  if (unknown !== undefined) throw new TurnpikeError('unknown_field', { param: unknown.slice(0, 80) })
  return value as Readonly<Record<string, unknown>>
}
