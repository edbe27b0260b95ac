import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { ERRORS } from '../../../src/lib/errors/registry.ts'
import { chatBody, post } from '../../support/chat.ts'
import { decodeBase64, stockPayer } from '../../support/stock-payer.ts'
import { PAID, schemaOfPost, useDiscoveredServer } from './discovery/discovered-server.ts'
import { testMethods } from './discovery/methods.ts'
import { testProbes } from './discovery/probes.ts'

/** What a registry looks at before it lists a server, and what an agent reads before it pays one. */
const server = useDiscoveredServer()
const { at, get, validatorOf, expectSchema, paidOperations } = server

test('the document is there for everybody, and says what it must', async () => {
  const response = await get('/openapi.json')
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
  expect(response.headers.get('cache-control')).toBe('public, max-age=60')
  expect(server.document.openapi).toMatch(/^3\.1\.\d$/)
  expect(server.document.info).toMatchObject({
    title: 'Turnpike',
    version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
  })
  expect(String(server.document.info['x-guidance']).length).toBeGreaterThan(100)
  expect(server.document.servers).toEqual([{ url: server.stack.app.url }])
  expect(
    paidOperations()
      .map(({ path, method }) => `${method} ${path}`)
      .toSorted(),
  ).toEqual(PAID.map((path) => `post ${path}`).toSorted())
  const ids = Object.values(server.document.paths).flatMap((methods) =>
    Object.values(methods).map((one) => one.operationId),
  )
  expect(new Set(ids).size).toBe(ids.length)
})

test('every reference leads somewhere, and every schema is one', () => {
  const references: string[] = []
  JSON.stringify(server.document, (key, value: unknown) => {
    if (key === '$ref') references.push(String(value))
    return value
  })
  expect(references.length).toBeGreaterThan(30)
  for (const reference of new Set(references)) {
    const found = reference
      .split('/')
      .slice(1)
      .reduce<unknown>((node, name) => (node as Record<string, unknown> | undefined)?.[name], server.document)
    expect(found, reference).toBeDefined()
  }
  for (const name of Object.keys(server.document.components.schemas)) {
    expect(validatorOf(`#/components/schemas/${name}`), name).toBeTypeOf('function')
  }
})

test('every operation of the document is served, and every route of the server is in the document', async () => {
  const layers = (await import('../../../src/http/server.ts')).createHttpApp({
    dependencies: { call: { clock: {} } } as never,
    withAdmin: false,
  }).router.stack as readonly Layer[]
  const served = layers.flatMap(routesOf).toSorted()
  const documented = Object.keys(server.document.paths).map((path) => path.replace(/\{(\w+)\}/g, ':$1'))
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
  for (const methods of Object.values(server.document.paths)) {
    for (const operation of Object.values(methods)) {
      if (operation['x-payment-info']) continue
      expect([[], [{ siwx: [] }], [{ key: [] }], [{ voucher: [] }]], operation.operationId).toContainEqual(
        operation.security,
      )
    }
  }
})

test('every error code is in the document, with its status and what to do, and where it can be met', () => {
  expect(Object.keys(server.document['x-error-codes']).toSorted()).toEqual(Object.keys(ERRORS).toSorted())
  for (const [code, { status, retryable, next }] of Object.entries(ERRORS)) {
    expect(server.document['x-error-codes'][code]).toMatchObject({ status, retryable, next })
  }
  const chat = server.document.components.responses['Paid400'] as {
    content: { 'application/json': { examples: object } }
  }
  const { examples } = chat.content['application/json']
  expect(Object.keys(examples)).toContain('context_length_exceeded')
  const isError = validatorOf('#/components/schemas/Error')
  for (const { value } of Object.values(examples) as { value: unknown }[]) expect(isError(value)).toBe(true)
})

testProbes(server)

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
  const payer = await server.stack.newPayer()
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

testMethods(server)

test('answers that were paid for are what the document says', async () => {
  const payer = await server.stack.newPayer()
  const byChannel = stockPayer({ stack: server.stack, payer, scheme: 'batch-settlement' })
  const byTransfer = stockPayer({ stack: server.stack, payer, scheme: 'exact' })
  for (const { path, operation } of paidOperations()) {
    const { pay } = path === '/v1/credit' ? byTransfer : byChannel
    const example = operation.requestBody?.content['application/json']?.example
    const response = await pay(at(path), post(JSON.stringify(example)))
    expect(response.status).toBe(200)
    expectSchema(schemaOfPost(path, 'responses/200'), await response.json())
  }
})

test('answers that are free are what the document says', async () => {
  const { pay } = stockPayer({
    stack: server.stack,
    payer: await server.stack.newPayer(),
    scheme: 'batch-settlement',
  })
  const paid = await pay(server.stack.chatUrl, post(chatBody()))
  await paid.arrayBuffer()
  const count = JSON.stringify(
    server.document.paths['/v1/messages/count_tokens']?.['post']?.requestBody?.content['application/json']
      ?.example,
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
    expectSchema(`#/components/schemas/${name}`, await response.json())
  }
})
