import type { Schema, Schemas } from '../../chat/schema.ts'

export const WHOLE: Schema = { type: 'integer', minimum: 0 }
/** An object; all of its members are there where nothing else is said. */
export const some = (properties: Schemas, required = Object.keys(properties)): Schema => ({
  type: 'object',
  properties,
  required,
})
/** null: nothing. */
export const maybe = (type: 'string' | 'object'): Schema => ({ type: [type, 'null'] })
