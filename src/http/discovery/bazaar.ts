import type { Dialect } from '../../chat/answer/dialect.ts'
import type { Schema, Schemas } from '../../chat/schema.ts'
import { PAID_PATHS } from '../dialects.ts'
import { ANSWERS } from './answers.ts'

/** A field in one line: the whole table is in /openapi.json, and a header has no room for it. */
const brief = ({ type }: Schema): Schema => (type === undefined ? {} : { type })

/** The fields that a first request needs. */
function firstFields({ body, capField }: Dialect): Schemas {
  const names = [
    ...new Set([...(body.required ?? []), ...(capField === undefined ? [] : [capField, 'stream'])]),
  ]
  return Object.fromEntries(names.map((name) => [name, brief(body.properties?.[name] ?? {})]))
}

/** x402's discovery extension: how the path is called and what it answers, by example and by schema. */
function extensionOf({ path, dialect }: { path: string; dialect: Dialect }) {
  const { body, example } = dialect
  const constant = (value: string) => ({ type: 'string', const: value })
  const input = { type: 'http', method: 'POST', bodyType: 'json', body: example }
  return {
    bazaar: {
      info: { input, output: { type: 'json', example: ANSWERS.get(path)?.example } },
      schema: {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        type: 'object',
        properties: {
          input: {
            type: 'object',
            properties: {
              type: constant('http'),
              method: constant('POST'),
              bodyType: constant('json'),
              body: { type: 'object', properties: firstFields(dialect), required: body.required },
            },
            required: Object.keys(input),
          },
          output: { type: 'object', properties: { type: constant('json'), example: { type: 'object' } } },
        },
        required: ['input'],
      },
    },
  }
}

/** Made once: nothing of it depends on the request. */
const EXTENSIONS = new Map(
  [...PAID_PATHS].map(([path, dialect]) => [dialect, extensionOf({ path, dialect })]),
)

/** `extensions` of the 402 that a registry is shown. */
export const bazaarOf = (dialect: Dialect): Readonly<Record<string, unknown>> | undefined =>
  EXTENSIONS.get(dialect)
