import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, expect } from 'vitest'
import { startStack, type Stack } from '../../../support/start-stack.ts'

type Operation = {
  readonly operationId: string
  readonly security: readonly object[]
  readonly requestBody?: { readonly content: Record<string, { schema: object; example?: object }> }
  readonly responses: Record<string, Response & { $ref?: string }>
  readonly 'x-payment-info'?: {
    readonly price: { mode: string; currency: string; min: string; max: string }
    readonly protocols: readonly object[]
    readonly schemes: readonly string[]
    readonly networks: readonly string[]
    readonly tokens: readonly { symbol: string; address: string }[]
  }
}
export type OpenApi = {
  readonly openapi: string
  readonly info: Record<string, unknown>
  readonly servers: readonly { url: string }[]
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: { schemas: Record<string, object>; responses: Record<string, object> }
  readonly 'x-error-codes': Record<string, { status: number; retryable: boolean; next: string }>
}

/** Calls of models, and the top-up of credit, which is paid by `exact` alone. */
export const CALLS = ['/v1/chat/completions', '/v1/messages', '/v1/responses', '/v1/embeddings']
export const PAID = [...CALLS, '/v1/credit']
/** How each dialect names the most that an answer may have. */
export const CAPS: Record<string, string | undefined> = {
  '/v1/chat/completions': 'max_tokens',
  '/v1/messages': 'max_tokens',
  '/v1/responses': 'max_output_tokens',
}

/** Where the document has the schema of the body that a path takes, or of its answer. */
export const schemaOfPost = (path: string, part: 'requestBody' | 'responses/200') =>
  `#/paths/${path.replaceAll('/', '~1')}/post/${part}/content/application~1json/schema`

export type DiscoveredServer = ReturnType<typeof useDiscoveredServer>

/** A server, and the document in which it describes itself; its schemas are known by their place in it, so that references are followed. */
export function useDiscoveredServer() {
  let stack: Stack
  let document: OpenApi
  const ajv = new Ajv2020({ strict: false })
  const at = (path: string) => `${stack.app.url}${path}`
  const get = (path: string, init?: RequestInit) => fetch(at(path), init)

  beforeAll(async () => {
    stack = await startStack()
    document = (await (await get('/openapi.json')).json()) as OpenApi
    ajv.addSchema({ ...document, $id: 'openapi' })
  })
  afterAll(() => stack.close())

  const validatorOf = (pointer: string) =>
    ajv.getSchema(`openapi${pointer}`) ?? ajv.compile({ $ref: `openapi${pointer}` })

  /** Whether a body is what the document says that it is. */
  function expectSchema(pointer: string, body: unknown): void {
    const isValid = validatorOf(pointer)
    expect({ pointer, isValid: isValid(body), errors: isValid.errors }).toEqual({
      pointer,
      isValid: true,
      errors: null,
    })
  }

  return {
    get stack() {
      return stack
    },
    get document() {
      return document
    },
    at,
    get,
    validatorOf,
    expectSchema,
    paidOperations: () =>
      Object.entries(document.paths).flatMap(([path, methods]) =>
        Object.entries(methods).flatMap(([method, operation]) =>
          operation['x-payment-info'] ? [{ path, method, operation }] : [],
        ),
      ),
  }
}
