type JsonType = 'string' | 'number' | 'integer' | 'boolean' | 'object' | 'array' | 'null'

/** The part of JSON Schema (2020-12, which is OpenAPI 3.1's) in which the fields of requests and answers are told. */
export type Schema = {
  readonly $ref?: string
  readonly type?: JsonType | readonly JsonType[]
  readonly description?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly minItems?: number
  readonly maxItems?: number
  readonly items?: Schema
  readonly properties?: Schemas
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean
  readonly anyOf?: readonly Schema[]
  /** A field that is known here and whose value only the provider judges. */
  readonly 'x-checked-by'?: 'provider'
}

/** Fields by name: the table from which a validator takes its names and limits, and the documents theirs. */
export type Schemas = Readonly<Record<string, Schema>>

export const TEXT: Schema = { type: 'string' }
export const FLAG: Schema = { type: 'boolean' }
export const OBJECT: Schema = { type: 'object' }
/** Taken as it is, whatever it is. */
export const ANYTHING: Schema = {}

export const among = (values: readonly unknown[]): Schema => ({ enum: values })

export const listOf = (items: Schema, limits: Pick<Schema, 'minItems' | 'maxItems'> = {}): Schema => ({
  type: 'array',
  items,
  ...limits,
})

export const told = (description: string, schema: Schema): Schema => ({ ...schema, description })

/** Known by name and sent on as it is. */
export const leftToProvider = (schema: Schema): Schema => ({ ...schema, 'x-checked-by': 'provider' })

/** Known, and refused wherever it asks for something. */
export const refused = (reasons: Readonly<Record<string, string>>): Schemas =>
  Object.fromEntries(
    Object.entries(reasons).map(([name, reason]) => [
      name,
      { type: 'null', description: `Refused: ${name} ${reason}` },
    ]),
  )

/** Dialects take null for "as if it were not there"; a constant names a kind, and a kind is never null. */
function orNull(schema: Schema): Schema {
  const { type, enum: values, anyOf } = schema
  if ('const' in schema) return schema
  if (values) return { ...schema, enum: [...values, null] }
  if (anyOf) return { ...schema, anyOf: [...anyOf, { type: 'null' }] }
  if (type === undefined) return schema
  const types = typeof type === 'string' ? [type] : type
  return types.includes('null') ? schema : { ...schema, type: [...types, 'null'] }
}

/**
 * An object with these fields. Those that are not required may be null.
 *
 * @param isOpen whether it may have others as well.
 */
export function objectOf({
  fields,
  required = [],
  isOpen = false,
}: {
  fields: Schemas
  required?: readonly string[]
  isOpen?: boolean
}): Schema {
  const properties = Object.entries(fields).map(([name, schema]) => [
    name,
    required.includes(name) ? schema : orNull(schema),
  ])
  return {
    type: 'object',
    properties: Object.fromEntries(properties) as Schemas,
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: isOpen,
  }
}

export const namesOf = (table: Schemas): ReadonlySet<string> => new Set(Object.keys(table))
