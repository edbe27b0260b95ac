import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import { PaymentRequiredV2Schema } from '@x402/core/schemas'
import { createSIWxPayload, encodeSIWxHeader } from '@x402/extensions/sign-in-with-x'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { booksAndCalls } from '../../support/refusals.ts'
import { type Payer, startStack, type Stack } from '../../support/start-stack.ts'
import { stockPayer, type StockOptions } from '../../support/stock-payer.ts'

/** /mcp, by the published client of the protocol and the published client of x402. */
let stack: Stack
let client: Client
let payer: Payer

beforeAll(async () => {
  stack = await startStack()
  payer = await stack.newPayer()
  client = new Client({ name: 'test', version: '1' })
  await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', stack.app.url)))
})
afterAll(async () => {
  await client.close()
  await stack.expectCleanBooks()
  await stack.close()
})

type Json = Record<string, unknown>

const call = (name: string, given: Json = {}, meta?: Json) =>
  client.callTool({ name, arguments: given, ...(meta ? { _meta: meta } : {}) }) as Promise<CallToolResult>

const textOf = ({ content }: CallToolResult) => {
  const [part] = content
  return part?.type === 'text' ? part.text : ''
}
const errorOf = ({ structuredContent }: CallToolResult) => structuredContent?.['error'] as Json

const QUESTION = {
  model: 'auto',
  max_tokens: 60,
  messages: [{ role: 'user', content: 'Name three harbours.' }],
}

/** Signs a challenge as the client of x402 does, for `_meta`. */
async function payFor(required: unknown, scheme: StockOptions['scheme'] = 'exact'): Promise<Json> {
  const { client: x402 } = stockPayer({ stack, payer, scheme })
  const payment = await x402.createPaymentPayload(required as never)
  return { 'x402/payment': JSON.parse(JSON.stringify(payment)) as Json }
}

test('five tools are listed, each with a schema, and only chat is not free', async () => {
  const { tools } = await client.listTools()
  expect(tools.map(({ name }) => name)).toEqual([
    'list_models',
    'quote',
    'chat',
    'get_receipt',
    'get_balance',
  ])
  for (const { inputSchema, description } of tools) {
    expect(inputSchema.type).toBe('object')
    expect(description?.length).toBeGreaterThan(40)
  }
  expect(tools.filter(({ annotations }) => !annotations?.readOnlyHint).map(({ name }) => name)).toEqual([
    'chat',
  ])
  expect(client.getInstructions()).toContain('402')
  expect(client.getServerVersion()?.name).toBe('turnpike')
})

test('chat answers with the price, is paid in _meta, and its receipt is that of the call', async () => {
  const asked = await call('chat', QUESTION)
  expect(asked.isError).toBe(true)
  expect(JSON.parse(textOf(asked))).toEqual(asked.structuredContent)
  const required = PaymentRequiredV2Schema.parse(asked.structuredContent)
  expect(required.resource.url).toBe('mcp://tool/chat')

  const before = stack.provider.calls()
  const meta = await payFor(asked.structuredContent)
  const paid = await call('chat', QUESTION, meta)
  expect(paid.isError).toBeUndefined()
  const { choices, turnpike } = paid.structuredContent as {
    choices: { message: { content: string } }[]
    turnpike: { charge: string; call_id: string }
  }
  expect(textOf(paid)).toBe(choices[0]?.message.content)
  const receipt = paid._meta?.['x402/payment-response'] as Json
  expect(receipt).toMatchObject({ success: true, payer: payer.account.address })
  expect(stack.provider.calls()).toBe(before + 1)

  const seen = await call('get_receipt', { call_id: turnpike.call_id })
  expect(seen.structuredContent).toMatchObject({ charge: turnpike.charge })

  // The same payment again buys nothing, and shows the receipt again.
  const again = await call('chat', QUESTION, meta)
  expect(errorOf(again)['code']).toBe('payment_already_used')
  expect(again._meta?.['x402/payment-response']).toBeDefined()
  expect(stack.provider.calls()).toBe(before + 1)
})

test('an offer of quote pays chat without asking twice, and by a channel as well', async () => {
  const quoted = await call('quote', QUESTION)
  expect(quoted.structuredContent).toMatchObject({ object: 'quote', output_cap: 60 })
  const paid = await call('chat', QUESTION, await payFor(quoted.structuredContent, 'batch-settlement'))
  expect(paid.isError).toBeUndefined()
})

test('a payment for other arguments buys nothing', async () => {
  const quoted = await call('quote', QUESTION)
  const meta = await payFor(quoted.structuredContent)
  const before = stack.provider.calls()
  const other = await call('chat', { ...QUESTION, max_tokens: 600 }, meta)
  expect(other.isError).toBe(true)
  expect(stack.provider.calls()).toBe(before)
})

test('models are listed in short, by a part of their names', async () => {
  const all = (await call('list_models', { limit: 100 })).structuredContent as {
    models: Json[]
    has_more: boolean
  }
  expect(all.models).toHaveLength(100)
  expect(all.has_more).toBe(true)
  const { models } = (await call('list_models', { search: 'GPT-4o-mini' })).structuredContent as {
    models: Json[]
  }
  expect(models.map(({ id }) => id)).toContain('openai/gpt-4o-mini')
  expect(
    models.every(({ id, name }) => `${String(id)} ${String(name)}`.toLowerCase().includes('gpt-4o-mini')),
  ).toBe(true)
})

test('a balance is told to the wallet that signs in, and nobody is asked to pay for it', async () => {
  const asked = await call('get_balance')
  expect(errorOf(asked)['code']).toBe('sign_in_required')
  expect(asked.structuredContent).not.toHaveProperty('accepts')
  const { extensions } = asked.structuredContent as {
    extensions: { 'sign-in-with-x': { info: Json; supportedChains: Json[] } }
  }
  const { info, supportedChains } = extensions['sign-in-with-x']
  const proof = await createSIWxPayload(
    { ...info, ...supportedChains[0] } as never,
    payer.account,
    String(info['uri']),
  )
  const told = await call('get_balance', { sign_in: encodeSIWxHeader(proof) })
  expect(told.structuredContent).toMatchObject({ object: 'credit', payer: payer.address })
})

test('bad arguments are refused with their field, before any payment, and nothing is admitted', async () => {
  const before = await booksAndCalls(stack)
  const meta = { 'x402/payment': { x402Version: 2 } }
  const refused = async (name: string, given: Json, more?: Json) => {
    const result = await call(name, given, more)
    expect(result.isError).toBe(true)
    const { code, param, next } = errorOf(result)
    expect(String(next).length).toBeGreaterThan(5)
    return [code, param]
  }
  expect(await refused('chat', {})).toEqual(['missing_field', 'model'])
  expect(await refused('chat', { ...QUESTION, stream: true })).toEqual(['invalid_field', 'stream'])
  expect(await refused('chat', { ...QUESTION, model: 'no/such' })).toEqual(['unknown_model', 'model'])
  expect(await refused('chat', { ...QUESTION, max_token: 3 })).toEqual(['unknown_field', 'max_token'])
  expect(await refused('quote', { model: 'auto' })).toEqual(['missing_field', 'messages'])
  expect((await refused('chat', QUESTION, { 'x402/payment': 'text' }))[0]).toBe('payment_undecodable')
  const long = { 'x402/payment': { x402Version: 2, filler: 'x'.repeat(9_000) } }
  expect((await refused('chat', QUESTION, long))[0]).toBe('payment_header_too_large')
  expect((await refused('chat', QUESTION, meta))[0]).toMatch(/^payment_/)
  expect(await refused('list_models', { limit: 101 })).toEqual(['invalid_field', 'limit'])
  expect(await refused('list_models', { pattern: 'x' })).toEqual(['unknown_field', 'pattern'])
  expect(await refused('get_receipt', {})).toEqual(['missing_field', 'call_id'])
  expect(await refused('get_receipt', { call_id: '../models' })).toEqual(['call_not_found', 'call_id'])
  expect(await refused('get_balance', { sign_in: 'no\r\nproof' })).toEqual(['invalid_field', 'sign_in'])
  expect((await refused('get_balance', { sign_in: 'bm90aGluZw==' }))[0]).toBe('sign_in_invalid')
  await expect(call('transfer')).rejects.toThrow('There is no tool transfer')
  expect(await booksAndCalls(stack)).toEqual(before)
})

const send = (body: string, headers: Record<string, string> = {}) =>
  fetch(new URL('/mcp', stack.app.url), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    body,
  })

test('the transport takes one message a request, agrees on a version and keeps no session', async () => {
  const initialize = (protocolVersion: string) =>
    JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion, capabilities: {}, clientInfo: { name: 'x', version: '1' } },
    })
  const agreed = async (version: string) => {
    const response = await send(initialize(version))
    expect(response.headers.get('mcp-session-id')).toBeNull()
    expect(response.headers.get('cache-control')).toBe('private, no-store')
    const { result } = (await response.json()) as { result: { protocolVersion: string } }
    return result.protocolVersion
  }
  expect(await agreed('2025-06-18')).toBe('2025-06-18')
  expect(await agreed('1999-01-01')).toMatch(/^20\d\d-/)
  const list = '{"jsonrpc":"2.0","id":7,"method":"tools/list"}'
  expect(await (await send(list)).json()).toMatchObject({
    id: 7,
    result: { tools: expect.any(Array) as unknown },
  })
  for (const [body, code] of [
    [`[${list},${list}]`, -32_600],
    ['{', -32_700],
    ['"text"', -32_600],
  ] as const) {
    const response = await send(body)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ id: null, error: { code } })
  }
  expect((await fetch(new URL('/mcp', stack.app.url))).status).toBe(405)
  expect((await send(list, { 'mcp-protocol-version': '1999-01-01' })).status).toBe(400)
})

test('a caller that hangs up ends the work of its call', async () => {
  stack.provider.setFaults({ hang: true })
  try {
    const asked = await call('chat', QUESTION)
    const meta = await payFor(asked.structuredContent)
    const before = stack.provider.calls()
    const controller = new AbortController()
    const params = { name: 'chat', arguments: QUESTION, _meta: meta }
    const gone = fetch(new URL('/mcp', stack.app.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
      signal: controller.signal,
    }).catch(() => undefined)
    await expect.poll(() => stack.provider.calls(), { timeout: 5_000 }).toBe(before + 1)
    controller.abort()
    await gone
    await expect.poll(() => stack.provider.running(), { timeout: 5_000 }).toBe(0)
  } finally {
    stack.provider.setFaults()
  }
})

test('a caller that asks for it is told that its chat still runs, and outlasts its own time limit', async () => {
  const meta = await payFor((await call('chat', QUESTION)).structuredContent)
  stack.provider.setFaults({ headersDelayMs: 2_600 })
  try {
    const seconds: number[] = []
    const paid = (await client.callTool({ name: 'chat', arguments: QUESTION, _meta: meta }, undefined, {
      onprogress: ({ progress }) => void seconds.push(progress),
      timeout: 2_200,
      resetTimeoutOnProgress: true,
    })) as CallToolResult
    expect(seconds.slice(0, 2)).toEqual([1, 2])
    expect(paid._meta).toHaveProperty('x402/payment-response')
  } finally {
    stack.provider.setFaults()
  }
})

test('turnpike mcp speaks the same over stdio, payments included', async () => {
  const main = join(import.meta.dirname, '../../../src/main.ts')
  const child = spawn(process.execPath, [main, 'mcp', '--url', stack.app.url], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ask = async (message: Json | string) => {
    child.stdin.write(
      `${typeof message === 'string' ? message : JSON.stringify({ jsonrpc: '2.0', ...message })}\n`,
    )
    return JSON.parse(String((await lines.next()).value)) as {
      id: unknown
      result: CallToolResult
      error?: Json
    }
  }
  const chat = (id: number, meta?: Json) =>
    ask({
      id,
      method: 'tools/call',
      params: { name: 'chat', arguments: QUESTION, ...(meta ? { _meta: meta } : {}) },
    })
  const told = await ask({
    id: 'told',
    method: 'tools/call',
    params: { name: 'list_models', arguments: { limit: 1 }, _meta: { progressToken: 'a' } },
  })
  expect(told.id).toBe('told')
  const asked = await chat(1)
  expect(asked.id).toBe(1)
  const paid = await chat(2, await payFor(asked.result.structuredContent))
  expect(paid.result._meta).toHaveProperty('x402/payment-response')
  expect((await ask('not json')).error).toMatchObject({ code: -32_700 })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.stdin.end()
  expect(await ended).toBe(0)
})
