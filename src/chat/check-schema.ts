import { invalidField } from './check-options.ts'
import { checkNames } from './read-body-object.ts'
import { isObject, missingField } from './read-values.ts'
import type { Schema } from './schema.ts'

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number' && Number.isFinite(value),
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === 'boolean',
  object: isObject,
  array: (value) => Array.isArray(value),
  null: (value) => value === null,
}

const NAMES: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  integer: 'an integer',
  boolean: 'true or false',
  object: 'an object',
  array: 'an array',
  null: 'null',
}

/** The types of a schema, without null: that it may be left out goes without saying. */
const typesOf = ({ type = [] }: Schema): readonly string[] => (typeof type === 'string' ? [type] : type)

/** What a schema takes, for a sentence that ends in it. */
function wordsOf(schema: Schema): string {
  const { minimum, maximum, minItems, maxItems, maxLength, pattern, anyOf } = schema
  if ('const' in schema) return JSON.stringify(schema.const)
  if (schema.enum)
    return `one of ${schema.enum
      .filter((one) => one !== null)
      .map(String)
      .join(', ')}`
  if (anyOf)
    return anyOf
      .filter(({ type }) => type !== 'null')
      .map(wordsOf)
      .join(', or ')
  const type = typesOf(schema)
    .filter((one) => one !== 'null')
    .map((one) => NAMES[one])
    .join(' or ')
  if (minimum !== undefined && maximum !== undefined) return `${type} from ${minimum} to ${maximum}`
  if (minItems !== undefined && maxItems !== undefined) return `${type} of ${minItems} to ${maxItems} entries`
  if (maxItems !== undefined) return `${type} of at most ${maxItems} entries`
  if (pattern !== undefined) return `${type} of the form ${pattern}`
  return maxLength === undefined ? type : `${type} of 1 to ${maxLength} characters`
}

/** Whether a value is of the schema's type and within its limits; what is inside of it is not looked at. */
function isShallowlyGood(value: unknown, schema: Schema): boolean {
  const types = typesOf(schema)
  if (types.length > 0 && !types.some((type) => TYPES[type]?.(value))) return false
  if ('const' in schema && value !== schema.const) return false
  if (schema.enum && !schema.enum.includes(value)) return false
  if (typeof value === 'number')
    return value >= (schema.minimum ?? -Infinity) && value <= (schema.maximum ?? Infinity)
  if (typeof value === 'string')
    return (
      value.length >= (schema.minLength ?? 0) &&
      value.length <= (schema.maxLength ?? Infinity) &&
      (schema.pattern === undefined || new RegExp(schema.pattern, 'u').test(value))
    )
  if (Array.isArray(value))
    return value.length >= (schema.minItems ?? 0) && value.length <= (schema.maxItems ?? Infinity)
  return true
}

/** Whether a value fits a schema, all the way down. */
function fits(value: unknown, schema: Schema): boolean {
  if (!isShallowlyGood(value, schema)) return false
  if (schema.anyOf && !schema.anyOf.some((one) => fits(value, one))) return false
  const { items, properties, required = [] } = schema
  if (Array.isArray(value)) return !items || value.every((one) => fits(one, items))
  if (!isObject(value) || !properties) return true
  if (required.some((name) => value[name] === undefined)) return false
  return Object.entries(value).every(([name, one]) => {
    const property = properties[name]
    return property ? fits(one, property) : schema.additionalProperties !== false
  })
}

/**
 * Holds a value against the schema that documents it, so that a document never says what the reader does not do.
 *
 * @param at the value's place in the body: `provider.max_price`.
 * @throws TurnpikeError `invalid_field`, `missing_field` or `unknown_field`, naming the place; never with the value.
 */
export function checkSchema({ value, schema, at }: { value: unknown; schema: Schema; at: string }): void {
  if (!isShallowlyGood(value, schema)) throw invalidField(at, `must be ${wordsOf(schema)}.`)
  const { anyOf, items, properties } = schema
  if (anyOf) {
    // An object of the wrong members is told which member it is.
    const shape = anyOf.find((one) => one.properties && isObject(value))
    if (shape) checkSchema({ value, schema: shape, at })
    else if (!fits(value, schema)) throw invalidField(at, `must be ${wordsOf(schema)}.`)
  }
  if (Array.isArray(value) && items)
    for (const [index, one] of value.entries())
      checkSchema({ value: one, schema: items, at: `${at}[${index}]` })
  if (isObject(value) && properties) checkMembers({ value, schema, at })
}

function checkMembers({
  value,
  schema: { properties = {}, required = [], additionalProperties },
  at,
}: {
  value: Readonly<Record<string, unknown>>
  schema: Schema
  at: string
}): void {
  if (additionalProperties === false)
    checkNames({ names: Object.keys(value), known: new Set(Object.keys(properties)), at })
  for (const name of required) if (value[name] === undefined) throw missingField(`${at}.${name}`)
  for (const [name, schema] of Object.entries(properties))
    if (value[name] !== undefined) checkSchema({ value: value[name], schema, at: `${at}.${name}` })
}
