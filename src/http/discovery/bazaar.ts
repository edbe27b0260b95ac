import type { Schema, Schemas } from '../../chat/schema.ts'
import { type Sale, SALES } from './sales.ts'

/** A field in one line: the whole table is in /openapi.json, and a header has no room for it. */
const brief = ({ type }: Schema): Schema => (type === undefined ? {} : { type })

/** The fields that a first request needs. */
function firstFields({ body, usual }: Sale): Schemas {
  const names = [...new Set([...(body.required ?? []), ...usual])]
  return Object.fromEntries(names.map((name) => [name, brief(body.properties?.[name] ?? {})]))
}

const constant = (value: string) => ({ type: 'string', const: value })

/** x402's discovery extension: how the path is called and what it answers, by example and by schema. */
function extensionOf(sale: Sale) {
  const { body, example, answer } = sale
  const input = { type: 'http', method: 'POST', bodyType: 'json', body: example }
  return {
    bazaar: {
      info: { input, output: { type: 'json', example: answer.example } },
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
              body: { type: 'object', properties: firstFields(sale), required: body.required },
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
const EXTENSIONS: ReadonlyMap<string, Readonly<Record<string, unknown>>> = new Map(
  SALES.map((sale) => [sale.path, extensionOf(sale)]),
)

/** `extensions` of the 402 that a registry is shown; undefined where nothing is sold under that spelling of the path. */
export const bazaarAt = (path: string): Readonly<Record<string, unknown>> | undefined => EXTENSIONS.get(path)
