import { createHash } from 'node:crypto'
import { type Fields, isObject, type SimulatedTool } from './read-prompt.ts'
import { WORDS } from './vocabulary.ts'

/** A value of the type that a schema names; nested objects stay empty. */
function valueOf(schema: unknown, number: number): unknown {
  if (!isObject(schema)) return null
  const { type, enum: allowed } = schema
  if (Array.isArray(allowed)) return allowed[number % allowed.length]
  switch (Array.isArray(type) ? type[0] : type) {
    case 'string':
      return WORDS.nouns[number % WORDS.nouns.length]
    case 'integer':
    case 'number':
      return number % 100
    case 'boolean':
      return number % 2 === 0
    case 'array':
      return []
    case 'object':
      return {}
    default:
      return null
  }
}

/**
 * Arguments of one call that fit the tool's schema at its first level, as JSON in pieces: four characters are one token here.
 *
 * @param seed the same seed gives the same arguments.
 */
export function toolArguments({ tool, seed }: { tool: SimulatedTool; seed: string }): readonly string[] {
  const schema: Fields = isObject(tool.parameters) ? tool.parameters : {}
  const properties: Fields = isObject(schema['properties']) ? schema['properties'] : {}
  const values = Object.entries(properties).map(([name, property]) => {
    const number = createHash('sha256').update(`${seed}:${name}`).digest().readUInt16LE(0)
    return [name, valueOf(property, number)]
  })
  return JSON.stringify(Object.fromEntries(values)).match(/.{1,4}/gsu) ?? ['{}']
}
