import type { z } from 'zod'
import { nearestField } from '../../chat/nearest-field.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'

const SHOWN_CHARS = 80

type Issue = z.core.$ZodIssue

/** Path of a field as `error.param` has it: `place.id`, `overrides[0].limit`. */
const pathOf = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : `${text}${text ? '.' : ''}${String(part)}`,
    '',
  )

function fieldsAt(schema: z.ZodObject, path: readonly PropertyKey[]): ReadonlySet<string> {
  let at: unknown = schema
  for (const part of path) {
    const shape = (at as { shape?: Record<PropertyKey, unknown> }).shape
    at = shape?.[part]
    while (at && typeof at === 'object' && 'unwrap' in at && typeof at.unwrap === 'function')
      at = (at.unwrap as () => unknown)()
  }
  return new Set(Object.keys((at as { shape?: object } | undefined)?.shape ?? {}))
}

function errorOf({
  schema,
  issue,
  given,
}: {
  schema: z.ZodObject
  issue: Issue
  given: unknown
}): TurnpikeError {
  const param = pathOf(issue.path)
  if (issue.code === 'unrecognized_keys') {
    const unknown = (issue.keys[0] ?? '').slice(0, SHOWN_CHARS)
    const nearest = nearestField({ name: unknown, known: fieldsAt(schema, issue.path) })
    return new TurnpikeError('unknown_field', {
      param: pathOf([...issue.path, unknown]),
      message: `There is no field "${unknown}".${nearest === undefined ? '' : ` Did you mean "${nearest}"?`}`,
    })
  }
  const value = issue.path.reduce<unknown>(
    (at, part) =>
      typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[part] : undefined,
    given,
  )
  if (value === undefined)
    return new TurnpikeError('missing_field', { param, message: `${param} is required.` })
  return new TurnpikeError('invalid_field', { param, message: `${param}: ${issue.message}` })
}

/**
 * Reads fields by their schema.
 *
 * @throws TurnpikeError `unknown_field` with the nearest name, `missing_field`, `invalid_field`; each names the field.
 */
export function readFields<Schema extends z.ZodObject>(schema: Schema, given: unknown): z.output<Schema> {
  const read = schema.safeParse(given)
  if (read.success) return read.data
  const { issues } = read.error
  // A name that is not known explains best why another one is missing.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]
  throw issue ? errorOf({ schema, issue, given }) : new TurnpikeError('invalid_field')
}
