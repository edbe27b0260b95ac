import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PaymentRequiredV1Schema, PaymentRequiredV2Schema } from '@x402/core/schemas'
import {
  sanitizeResourceServiceMetadata,
  validateDiscoveryExtension,
  validateDiscoveryExtensionSpec,
} from '@x402/extensions/bazaar'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ERRORS } from '../../../src/lib/errors/registry.ts'
import { chatBody, post } from '../../support/chat.ts'
import { startStack, type Stack } from '../../support/start-stack.ts'
import { decodeBase64, stockPayer } from '../../support/stock-payer.ts'
import { booksAndCalls } from '../../support/refusals.ts'

/** What a registry looks at before it lists a server, and what an agent reads before it pays one. */
let stack: Stack
let document: OpenApi

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
type OpenApi = {
  readonly openapi: string
  readonly info: Record<string, unknown>
  readonly servers: readonly { url: string }[]
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: { schemas: Record<string, object>; responses: Record<string, object> }
  readonly 'x-error-codes': Record<string, { status: number; retryable: boolean; next: string }>
}

/** Calls of models, and the top-up of credit, which is paid by `exact` alone. */
const CALLS = ['/v1/chat/completions', '/v1/messages', '/v1/responses', '/v1/embeddings']
const PAID = [...CALLS, '/v1/credit']
const CAPS: Record<string, string | undefined> = {
  '/v1/chat/completions': 'max_tokens',
  '/v1/messages': 'max_tokens',
  '/v1/responses': 'max_output_tokens',
}

beforeAll(async () => {
  stack = await startStack()
  document = (await (await get('/openapi.json')).json()) as OpenApi
  ajv.addSchema({ ...document, $id: 'openapi' })
})
afterAll(() => stack.close())

const at = (path: string) => `${stack.app.url}${path}`
const get = (path: string, init?: RequestInit) => fetch(at(path), init)

/** Every schema of the document by its place in it, so that references are followed. */
const ajv = new Ajv2020({ strict: false })

function validatorOf(pointer: string) {
  return ajv.getSchema(`openapi${pointer}`) ?? ajv.compile({ $ref: `openapi${pointer}` })
}
const escaped = (path: string) => path.replaceAll('/', '~1')

const paidOperations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) =>
      operation['x-payment-info'] ? [{ path, method, operation }] : [],
    ),
  )

test('the document is there for everybody, and says what it must', async () => {
  const response = await get('/openapi.json')
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
  expect(response.headers.get('cache-control')).toBe('public, max-age=60')
  expect(document.openapi).toMatch(/^3\.1\.\d$/)
  expect(document.info).toMatchObject({
    title: 'Turnpike',
    version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
  })
  expect(String(document.info['x-guidance']).length).toBeGreaterThan(100)
  expect(document.servers).toEqual([{ url: stack.app.url }])
  expect(
    paidOperations()
      .map(({ path, method }) => `${method} ${path}`)
      .toSorted(),
  ).toEqual(PAID.map((path) => `post ${path}`).toSorted())
  const ids = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).map((one) => one.operationId),
  )
  expect(new Set(ids).size).toBe(ids.length)
})

test('every reference leads somewhere, and every schema is one', () => {
  const references: string[] = []
  JSON.stringify(document, (key, value: unknown) => {
    if (key === '$ref') references.push(String(value))
    return value
  })
  expect(references.length).toBeGreaterThan(30)
  for (const reference of new Set(references)) {
    const found = reference
      .split('/')
      .slice(1)
      .reduce<unknown>((node, name) => (node as Record<string, unknown> | undefined)?.[name], document)
    expect(found, reference).toBeDefined()
  }
  for (const name of Object.keys(document.components.schemas)) {
    expect(validatorOf(`#/components/schemas/${name}`), name).toBeTypeOf('function')
  }
})

test('every operation of the document is served, and every route of the server is in the document', async () => {
  const layers = (await import('../../../src/http/server.ts')).createHttpApp({
    dependencies: { call: { clock: {} } } as never,
    withAdmin: false,
  }).router.stack as readonly Layer[]
  const served = layers.flatMap(routesOf).toSorted()
  const documented = Object.keys(document.paths).map((path) => path.replace(/\{(\w+)\}/g, ':$1'))
  expect(new Set(served.map((path) => path.replace('*id', ':id')))).toEqual(new Set(documented))
})

type Layer = {
  readonly route?: { readonly path: string }
  readonly handle?: { readonly stack?: readonly Layer[] }
}
const routesOf = ({ route, handle }: Layer): readonly string[] =>
  route ? [route.path] : (handle?.stack ?? []).flatMap(routesOf)

test('a paid operation says price, protocol, schemes, networks and tokens, and documents its 402', () => {
  for (const { path, operation } of paidOperations()) {
    const info = operation['x-payment-info']
    expect(info).toMatchObject({
      price: { mode: 'dynamic', currency: 'USD' },
      protocols: [{ x402: {} }],
      schemes: path === '/v1/credit' ? ['exact'] : ['batch-settlement', 'upto', 'exact'],
      networks: ['eip155:84532'],
    })
    expect(info?.tokens.map(({ symbol }) => symbol)).toEqual(['USDC', 'USDT'])
    expect(Number(info?.price.min)).toBeGreaterThan(0)
    expect(Number(info?.price.max)).toBeGreaterThan(Number(info?.price.min))
    expect(operation.responses['402']?.$ref).toBe('#/components/responses/PaymentRequired')
    expect(operation.requestBody?.content['application/json']).toMatchObject({
      schema: { $ref: expect.any(String) as string },
      example: expect.any(Object) as object,
    })
    expect(operation.security[0], path).toEqual({ x402: [] })
  }
  for (const methods of Object.values(document.paths)) {
    for (const operation of Object.values(methods)) {
      if (operation['x-payment-info']) continue
      expect([[], [{ siwx: [] }], [{ key: [] }], [{ voucher: [] }]], operation.operationId).toContainEqual(
        operation.security,
      )
    }
  }
})

test('every error code is in the document, with its status and what to do, and where it can be met', () => {
  expect(Object.keys(document['x-error-codes']).toSorted()).toEqual(Object.keys(ERRORS).toSorted())
  for (const [code, { status, retryable, next }] of Object.entries(ERRORS)) {
    expect(document['x-error-codes'][code]).toMatchObject({ status, retryable, next })
  }
  const chat = document.components.responses['Paid400'] as {
    content: { 'application/json': { examples: object } }
  }
  const { examples } = chat.content['application/json']
  expect(Object.keys(examples)).toContain('context_length_exceeded')
  const isError = validatorOf('#/components/schemas/Error')
  for (const { value } of Object.values(examples) as { value: unknown }[]) expect(isError(value)).toBe(true)
})

test.each(PAID)('%s answers an empty probe 402, as registries demand it', async (path) => {
  const isBody = validatorOf('#/components/schemas/PaymentRequiredBody')
  const isRequired = validatorOf('#/components/schemas/PaymentRequired')
  const before = await booksAndCalls(stack)
  // GET on credit is a payer's look at it.
  const reads = path === '/v1/credit' ? [] : [{ method: 'GET' }, { method: 'HEAD' }]
  const probes: readonly RequestInit[] = [{ method: 'POST' }, post('{}'), ...reads]
  for (const probe of probes) {
    const response = await get(path, probe)
    expect(response.status).toBe(402)
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(response.headers.get('cache-control')).toBe('private, no-store')
    const header = response.headers.get('payment-required') ?? ''
    expect(header.length).toBeLessThan(8 * 1_024)
    const required = decodeBase64(header) as Required402
    expect(PaymentRequiredV2Schema.safeParse(required).error).toBeUndefined()
    expect(isRequired(required)).toBe(true)
    const { schemes } = document.paths[path]?.['post']?.['x-payment-info'] ?? {}
    expect([...new Set(required.accepts.map(({ scheme }) => scheme))]).toEqual(schemes)
    expect(required.resource.url).toBe(at(path))
    expect(required.resource.description).toBe(document.paths[path]?.['post']?.['summary' as never])
    const listed = sanitizeResourceServiceMetadata(required.resource)
    expect(listed).toMatchObject({ serviceName: 'Turnpike' })
    expectBazaar({ path, bazaar: required.extensions['bazaar'] })
    const text = await response.text()
    if (probe.method === 'HEAD') expect(text).toBe('')
    else {
      const body = JSON.parse(text) as { error: { output_cap: number }; accepts: { description: string }[] }
      expect(PaymentRequiredV1Schema.omit({ error: true }).safeParse(body).error).toBeUndefined()
      expect(isBody(body)).toBe(true)
      expect(body.error.output_cap).toBe(CAPS[path] === undefined ? 0 : 1_024)
      expect(body.accepts[0]?.description).toBe(required.resource.description)
    }
  }
  expect(await booksAndCalls(stack)).toEqual(before)
})

type Required402 = {
  readonly accepts: readonly { scheme: string; amount: string }[]
  readonly resource: { url: string; description: string; serviceName?: string }
  readonly extensions: Readonly<Record<string, unknown>>
}

function expectBazaar({ path, bazaar }: { path: string; bazaar: unknown }): void {
  expect(validateDiscoveryExtensionSpec(bazaar as never)).toEqual({ valid: true })
  expect(validateDiscoveryExtension(bazaar as never)).toEqual({ valid: true })
  const { info, schema } = bazaar as {
    info: { input: { method: string; body: object }; output: { example: object } }
    schema: { properties: { input: { properties: { body: { properties: object } } } } }
  }
  expect(info.input.method).toBe('POST')
  expect(Object.keys(info.output.example).length).toBeGreaterThan(0)
  // Its example is a body that the path takes: the price of just that is asked.
  const isBody = validatorOf(`#/paths/${escaped(path)}/post/requestBody/content/application~1json/schema`)
  expect(isBody(info.input.body)).toBe(true)
  const cap = CAPS[path]
  if (cap) expect(Object.keys(schema.properties.input.properties.body.properties)).toContain(cap)
}

test.each(CALLS)(
  'the example of %s is priced when it is sent as it stands, and goes without the registry’s part',
  async (path) => {
    const example = document.paths[path]?.['post']?.requestBody?.content['application/json']?.example
    const response = await get(path, post(JSON.stringify(example)))
    expect(response.status).toBe(402)
    const required = decodeBase64(response.headers.get('payment-required') ?? '') as Required402
    expect(required).not.toHaveProperty('extensions.bazaar')
    expect(required.resource).toEqual({
      url: at(path),
      description: expect.stringContaining('charged for the tokens') as string,
      mimeType: 'application/json',
    })
  },
)

test('the well-known list names every paid path, with offers that are those of a probe but for the quote', async () => {
  const response = await get('/.well-known/x402')
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
  expect(response.headers.get('cache-control')).toBe('public, max-age=60')
  const listed = (await response.json()) as {
    version: number
    resources: string[]
    endpoints: { resource: string; accepts: { extra: object }[] }[]
    links: Record<string, string>
  }
  expect(listed.version).toBe(1)
  expect(listed.resources.toSorted()).toEqual(PAID.map(at).toSorted())
  for (const { resource, accepts } of listed.endpoints) {
    const probe = await fetch(resource, { method: 'POST' })
    const required = decodeBase64(probe.headers.get('payment-required') ?? '') as { accepts: typeof accepts }
    const bare = required.accepts.map(({ extra, ...offer }) => {
      const { quote: _signed, ...rest } = extra as { quote?: string }
      return { ...offer, extra: rest }
    })
    expect(accepts).toEqual(bare)
  }
  for (const link of Object.values(listed.links).filter((link) => !/\/(?:v1\/quotes|mcp)$/.test(link))) {
    expect((await fetch(link)).status, link).toBe(200)
  }
})

test('llms.txt names the real address, its links lead somewhere, and its example pays', async () => {
  const response = await get('/llms.txt')
  expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8')
  expect(response.headers.get('cache-control')).toBe('public, max-age=60')
  const text = await response.text()
  for (const path of PAID) expect(text).toContain(at(path))
  const links = [...text.matchAll(/\]\((http[^)]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !link.includes('{'))
  expect(links.length).toBeGreaterThan(1)
  for (const link of links) expect((await fetch(link)).status, link).toBe(200)
  const [, example = ''] = /```js\n([^`]+)```/.exec(text) ?? []
  const payer = await stack.newPayer()
  const folder = await mkdtemp(join(tmpdir(), 'turnpike-llms-'))
  try {
    await writeFile(join(folder, 'example.mjs'), example)
    const runner = join(import.meta.dirname, '../../e2e/client/run-example.ts')
    const { stdout } = await promisify(execFile)(process.execPath, [runner, join(folder, 'example.mjs')], {
      env: { ...process.env, WALLET_KEY: payer.privateKey },
    })
    expect(stdout.trim().length).toBeGreaterThan(20)
  } finally {
    await rm(folder, { recursive: true })
  }
})

const METHODS = ['PUT', 'DELETE', 'PATCH', 'TRACE', 'PROPFIND', 'QUERY', 'LINK'] as const

test.each([...CALLS, '/v1/quotes', '/openapi.json', '/.well-known/x402', '/llms.txt'])(
  '%s refuses other methods by name, and nothing falls over',
  async (path) => {
    const allowed =
      path === '/v1/quotes'
        ? 'POST, OPTIONS'
        : CALLS.includes(path)
          ? 'GET, HEAD, POST, OPTIONS'
          : 'GET, HEAD, OPTIONS'
    for (const method of METHODS) {
      const answer = await raw(`${method} ${path} HTTP/1.1`)
      expect(answer, method).toMatch(/^HTTP\/1\.1 405 /)
      expect(answer.toLowerCase()).toContain(`\r\nallow: ${allowed.toLowerCase()}\r\n`)
      expect(answer).toContain('method_not_allowed')
    }
    const options = await get(path, { method: 'OPTIONS', headers: { origin: 'https://elsewhere.example' } })
    expect({
      status: options.status,
      allow: options.headers.get('allow'),
      text: await options.text(),
    }).toEqual({
      status: 204,
      allow: allowed,
      text: '',
    })
    // A page may read any answer; what it may send is said to a preflight alone.
    expect(options.headers.get('access-control-allow-origin')).toBe('*')
    expect(options.headers.get('access-control-allow-methods')).toBeNull()
    for (const odd of [`CONNECT ${path} HTTP/1.1`, `NONSENSE ${path} HTTP/1.1`]) await raw(odd)
    expect((await get('/healthz')).status).toBe(200)
  },
)

/** A request that fetch would not send. @returns everything that came back until the connection was closed. */
function raw(line: string): Promise<string> {
  const { hostname, port } = new URL(stack.app.url)
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(Number(port), hostname, () =>
      socket.write(`${line}\r\nhost: x\r\nconnection: close\r\n\r\n`),
    )
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(text))
  })
}

test('answers that were paid for are what the document says', async () => {
  const payer = await stack.newPayer()
  const byChannel = stockPayer({ stack, payer, scheme: 'batch-settlement' })
  const byTransfer = stockPayer({ stack, payer, scheme: 'exact' })
  for (const { path, operation } of paidOperations()) {
    const { pay } = path === '/v1/credit' ? byTransfer : byChannel
    const example = operation.requestBody?.content['application/json']?.example
    const response = await pay(at(path), post(JSON.stringify(example)))
    expect(response.status).toBe(200)
    const isAnswer = validatorOf(
      `#/paths/${escaped(path)}/post/responses/200/content/application~1json/schema`,
    )
    expect({ isValid: isAnswer(await response.json()), errors: isAnswer.errors }).toEqual({
      isValid: true,
      errors: null,
    })
  }
})

test('answers that are free are what the document says', async () => {
  const { pay } = stockPayer({ stack, payer: await stack.newPayer(), scheme: 'batch-settlement' })
  const paid = await pay(stack.chatUrl, post(chatBody()))
  await paid.arrayBuffer()
  const count = JSON.stringify(
    document.paths['/v1/messages/count_tokens']?.['post']?.requestBody?.content['application/json']?.example,
  )
  const answers: readonly (readonly [string, Response])[] = [
    ['Models', await get('/v1/models')],
    ['Model', await get('/v1/models/openai/gpt-4o-mini')],
    ['Call', await get(`/v1/calls/${paid.headers.get('x-call-id')}`)],
    ['Health', await get('/healthz')],
    ['Readiness', await get('/readyz')],
    ['TokenCount', await get('/v1/messages/count_tokens', post(count))],
    ['Quote', await get('/v1/quotes', post(chatBody()))],
    ['Error', await get('/v1/quotes', post('{'))],
    ['AnthropicError', await get('/v1/quotes?for=/v1/messages', post('{'))],
  ]
  for (const [name, response] of answers) {
    const isAnswer = validatorOf(`#/components/schemas/${name}`)
    const body: unknown = await response.json()
    expect({ name, isValid: isAnswer(body), errors: isAnswer.errors }).toEqual({
      name,
      isValid: true,
      errors: null,
    })
  }
})
