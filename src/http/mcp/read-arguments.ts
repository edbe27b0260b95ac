import { invalidField } from '../../chat/check-options.ts'
import { missingField } from '../../chat/read-values.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { Arguments } from './tool.ts'

/** @throws unknown_field for an argument that is not one of these. */
export function onlyKnown({ given, known }: { given: Arguments; known: readonly string[] }): void {
  const unknown = Object.keys(given).find((name) => !known.includes(name))
  if (unknown !== undefined) throw new TurnpikeError('unknown_field', { param: unknown.slice(0, 80) })
}

/** A text of limited length, or undefined where it is not given. @throws invalid_field */
export function readWords({
  given,
  name,
  maxChars,
}: {
  given: Arguments
  name: string
  maxChars: number
}): string | undefined {
  const value = given[name]
  if (value === undefined) return undefined
  if (typeof value === 'string' && value.length > 0 && value.length <= maxChars) return value
  throw invalidField(name, `must be a text of 1 to ${maxChars} characters.`)
}

/** @throws missing_field, invalid_field */
export function requireWords(asked: Parameters<typeof readWords>[0]): string {
  const words = readWords(asked)
  if (words === undefined) throw missingField(asked.name)
  return words
}

/** A whole number within limits. @throws invalid_field */
export function readCount({
  given,
  name,
  max,
  usual,
}: {
  given: Arguments
  name: string
  max: number
  usual: number
}): number {
  const value = given[name] ?? usual
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max) return value
  throw invalidField(name, `must be a whole number from 1 to ${max}.`)
}
