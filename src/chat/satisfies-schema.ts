import { LIMITS } from '../lib/limits.ts'
import { type Fields, isObject } from './read-values.ts'

/** A look that is under way. */
type Look = {
  readonly root: unknown
  /** Steps that are left: a schema is the caller's, and may be written to cost much. */
  steps: number
}

/** @throws RangeError where none are left. */
function take(look: Look, steps: number): void {
  look.steps -= steps
  if (look.steps < 0) throw new RangeError('Too many steps.')
}

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  object: isObject,
  array: Array.isArray,
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: Number.isInteger,
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
}

const LOCAL = '#/'

function referred(path: string, root: unknown): unknown {
  if (path === '#') return root
  if (!path.startsWith(LOCAL)) return undefined
  let found: unknown = root
  for (const name of path.slice(LOCAL.length).split('/')) {
    const key = name.replaceAll('~1', '/').replaceAll('~0', '~')
    if (!isObject(found) || !Object.hasOwn(found, key)) return undefined
    found = found[key]
  }
  return found
}

const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** Objects are equal in many spellings: those are taken as the same. */
const mayBeSame = (one: unknown, other: unknown): boolean =>
  one === other || (typeof one === 'object' && typeof other === 'object' && one !== null && other !== null)

const isTyped = (value: unknown, type: unknown): boolean => {
  const names = typeof type === 'string' ? [type] : listIn(type)
  return names.length === 0 || names.some((name) => TYPES[String(name)]?.(value) ?? true)
}

const isBetween = (count: number, least: unknown, most: unknown): boolean =>
  !(typeof least === 'number' && count < least) && !(typeof most === 'number' && count > most)

function hasFields(value: Fields, schema: Fields, look: Look): boolean {
  const { required, additionalProperties } = schema
  take(look, listIn(required).length)
  for (const name of listIn(required))
    if (typeof name === 'string' && !Object.hasOwn(value, name)) return false
  const declared = isObject(schema['properties']) ? schema['properties'] : {}
  for (const [name, one] of Object.entries(value)) {
    const isDeclared = Object.hasOwn(declared, name)
    // What patternProperties would allow is not looked at, so it is not missed either.
    if (!isDeclared && schema['patternProperties'] !== undefined) continue
    const expected = isDeclared ? declared[name] : additionalProperties
    if (expected !== undefined && !isAs(one, expected, look)) return false
  }
  return true
}

function isShaped(value: unknown, schema: Fields, look: Look): boolean {
  if (!isTyped(value, schema['type'])) return false
  const allowed = Array.isArray(schema['enum']) ? listIn(schema['enum']) : undefined
  take(look, allowed?.length ?? 0)
  if (allowed && !allowed.some((one) => mayBeSame(one, value))) return false
  if (Object.hasOwn(schema, 'const') && !mayBeSame(schema['const'], value)) return false
  if (typeof value === 'number') return isBetween(value, schema['minimum'], schema['maximum'])
  if (typeof value === 'string')
    return isBetween(Array.from(value).length, schema['minLength'], schema['maxLength'])
  if (Array.isArray(value)) {
    const { items } = schema
    const isSized = isBetween(value.length, schema['minItems'], schema['maxItems'])
    return isSized && (items === undefined || value.every((one) => isAs(one, items, look)))
  }
  return !isObject(value) || hasFields(value, schema, look)
}

function isAs(value: unknown, schema: unknown, look: Look): boolean {
  take(look, 1)
  if (typeof schema === 'boolean') return schema
  if (!isObject(schema)) return true
  const { $ref, allOf, anyOf, oneOf } = schema
  if (typeof $ref === 'string' && !isAs(value, referred($ref, look.root), look)) return false
  if (!listIn(allOf).every((one) => isAs(value, one, look))) return false
  const choices = [...listIn(anyOf), ...listIn(oneOf)]
  if (choices.length > 0 && !choices.some((one) => isAs(value, one, look))) return false
  return isShaped(value, schema, look)
}

/**
 * Whether a value has the shape of a JSON schema that a caller wrote, as far as the usual words go. Words that are not known here
 * (patterns and formats above all: a stranger's expression may run for ever) are taken as met, so that an answer is blamed only for
 * what is surely wrong.
 *
 * @returns undefined where the look would take too many steps or too deep a recursion.
 * @example satisfiesSchema({ value: { age: 'old' }, schema: { properties: { age: { type: 'integer' } } } }) // false
 */
export function satisfiesSchema({ value, schema }: { value: unknown; schema: unknown }): boolean | undefined {
  try {
    return isAs(value, schema, { root: schema, steps: LIMITS.schemaSteps })
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
