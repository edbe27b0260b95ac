import { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import { invalidField } from './check-options.ts'
import { checkNames } from './read-body-object.ts'

export type Fields = Readonly<Record<string, unknown>>

/** A value, and its place in the body as an error may name it: `messages[0].content[1].text`. Errors never hold the value. */
type Placed = { readonly value: unknown; readonly at: string }

export const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Dialects take null for "as if it were not there". */
export const isAbsent = (value: unknown): value is undefined | null => value === undefined || value === null

export const missingField = (at: string) =>
  new TurnpikeError('missing_field', { param: at, message: `${at} is missing.` })

/** @throws TurnpikeError `missing_field` or `invalid_field`. */
export function readText({ value, at }: Placed): string {
  if (value === undefined) throw missingField(at)
  if (typeof value !== 'string') throw invalidField(at, 'must be a string.')
  return value
}

/** @throws TurnpikeError `missing_field` or `invalid_field`. */
export function readList({ value, at }: Placed): readonly unknown[] {
  if (value === undefined) throw missingField(at)
  if (!Array.isArray(value)) throw invalidField(at, 'must be an array.')
  return value
}

/** An object, whose names are all `known` where they are given. @throws TurnpikeError, also `unknown_field`. */
export function readFields({ value, at, known }: Placed & { known?: ReadonlySet<string> }): Fields {
  if (value === undefined) throw missingField(at)
  if (!isObject(value)) throw invalidField(at, 'must be an object.')
  if (known) checkNames({ names: Object.keys(value), known, at })
  return value
}

/** undefined for null as well. @throws TurnpikeError `invalid_field`. */
export function readOptional<T extends string>({
  value,
  at,
  among,
}: Placed & { among: readonly T[] }): T | undefined {
  if (isAbsent(value)) return undefined
  const found = among.find((one) => one === value)
  if (found === undefined) throw invalidField(at, `must be one of ${among.join(', ')}.`)
  return found
}

/** false where it is absent. @throws TurnpikeError `invalid_field`. */
export function readFlag({ value, at }: Placed): boolean {
  if (isAbsent(value)) return false
  if (typeof value !== 'boolean') throw invalidField(at, 'must be true or false.')
  return value
}

/** Drops what is undefined, so that it is not there when the object is looked at. */
export const present = (fields: Fields): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
