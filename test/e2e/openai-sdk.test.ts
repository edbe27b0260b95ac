import OpenAI, { APIError } from 'openai'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Scheme } from '../../src/payment/types.ts'
import { chargeFor, FEE_PICO_USD, MODEL, readError, type Turnpike } from '../support/chat.ts'
import { type Payer, startStack, type Stack } from '../support/start-stack.ts'
import { stockPayer } from '../support/stock-payer.ts'
import { waitUntil } from '../support/wait-until.ts'
import { sendPaid, signFor } from '../support/wire-payment.ts'

let stack: Stack

beforeAll(async () => {
  // Slow enough to hang up in the middle, fast enough not to wait: a hundred tokens in half a second.
  stack = await startStack({
    environment: { TURNPIKE_SIM_FIRST_TOKEN_MS: '20', TURNPIKE_SIM_TOKENS_PER_SECOND: '200' },
  })
})
afterEach(() => stack.provider.setFaults())
afterAll(async () => {
  await stack.expectCleanBooks()
  await stack.close()
})

/** The SDK as its users have it: retries on, an API key that means nothing here. */
async function newSdk({ scheme = 'batch-settlement' }: { scheme?: Scheme } = {}) {
  const payer = await stack.newPayer()
  const stock = stockPayer({ stack, payer, scheme })
  const openai = new OpenAI({ apiKey: 'sk-none', baseURL: `${stack.app.url}/v1`, fetch: stock.pay })
  return { openai, stock, payer }
}

const question = (text: string) => ({
  model: MODEL,
  max_tokens: 120,
  messages: [{ role: 'user' as const, content: text }],
})

type CallView = { state: string; charge: string | null; ceiling: string; outcome: string | null }

const lookUp = async (callId: string): Promise<CallView> =>
  (await (await fetch(`${stack.app.url}/v1/calls/${callId}`)).json()) as CallView

test.each(['batch-settlement', 'upto', 'exact'] as const)(
  'the OpenAI SDK creates and streams over %s',
  async (scheme) => {
    const { openai, stock } = await newSdk({ scheme })
    const whole = await openai.chat.completions.create(question(`Whole, by ${scheme}?`))
    expect(whole.choices[0]?.message.content?.length).toBeGreaterThan(50)
    if (!whole.usage) throw new Error('The answer has no usage.')
    const feePicoUsd = scheme === 'batch-settlement' ? 0n : FEE_PICO_USD
    const { turnpike } = whole as unknown as { turnpike: Turnpike }
    expect(turnpike.charge).toBe(chargeFor({ usage: whole.usage, feePicoUsd }).toString())

    const stream = await openai.chat.completions.create({
      ...question(`Streamed, by ${scheme}?`),
      stream: true,
      stream_options: { include_usage: true },
    })
    let text = ''
    let tokens = 0
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? ''
      tokens = chunk.usage?.completion_tokens ?? tokens
    }
    expect(text.length).toBeGreaterThan(50)
    expect(tokens).toBeGreaterThan(10)
    expect(stock.statuses()).toEqual([402, 200, 402, 200])
  },
)

test.each(['batch-settlement', 'upto', 'exact'] as const)(
  'a reader that hangs up in the middle of a stream over %s pays for what was delivered',
  async (scheme) => {
    const { openai, stock } = await newSdk({ scheme })
    const [calls, aborted] = [stack.provider.calls(), stack.provider.aborted()]
    // Silent after a while, so that the answer is not over before its reader hangs up.
    stack.provider.setFaults({ stallAfter: 40 })
    const { data: stream, response } = await openai.chat.completions
      .create({ ...question(`A long one, by ${scheme}?`), stream: true })
      .withResponse()
    let delivered = 0
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content) delivered += 1
      if (delivered === 5) break
    }
    const callId = response.headers.get('x-call-id') ?? ''
    await waitUntil({
      what: 'the call is recorded',
      isSo: async () => (await lookUp(callId)).charge !== null,
    })
    const { charge, ceiling, outcome, state } = await lookUp(callId)
    expect(outcome).toBe('aborted')
    expect(['captured', 'signed', 'seen', 'final']).toContain(state)
    expect(BigInt(charge ?? 0)).toBeGreaterThan(0n)
    expect(BigInt(charge ?? 0)).toBeLessThan(BigInt(ceiling))
    await waitUntil({ what: 'the upstream was hung up on', isSo: () => stack.provider.aborted() > aborted })
    expect(stack.provider.calls() - calls).toBe(1)
    expect(stock.statuses()).toEqual([402, 200])
  },
)

test('an error after payment reaches the SDK once, with its code, and is not tried again', async () => {
  const { openai, stock } = await newSdk({ scheme: 'upto' })
  stack.provider.setFaults({ status: 500 })
  const calls = stack.provider.calls()
  const error: unknown = await openai.chat.completions
    .create(question('Broken?'))
    .catch((thrown: unknown) => thrown)
  if (!(error instanceof APIError)) throw new Error('The SDK did not see an API error.')
  expect(error).toMatchObject({ status: 502, code: 'upstream_error', type: 'api_error' })
  expect(error.headers?.get('x-should-retry')).toBe('false')
  expect(stock.statuses()).toEqual([402, 502])
  expect(stack.provider.calls() - calls).toBe(1)
})

test('a bad request reaches the SDK before anything is paid', async () => {
  const { openai, stock } = await newSdk()
  const error: unknown = await openai.chat.completions
    .create({ ...question('Which?'), model: 'nobody/nothing' })
    .catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ status: 400, code: 'unknown_model', param: 'model' })
  expect(stock.statuses()).toEqual([400])
})

async function retryWhile({ scheme, payer }: { scheme: Scheme; payer: Payer }) {
  const { client } = stockPayer({ stack, payer, scheme })
  const body = JSON.stringify({ ...question(`Twice, by ${scheme}?`), stream: false })
  const [first, retry] = [await signFor({ stack, client, body }), await signFor({ stack, client, body })]
  const calls = stack.provider.calls()
  const running = sendPaid({ stack, body, payment: first, headers: { 'x-stainless-retry-count': '0' } })
  await waitUntil({ what: 'the first call runs', isSo: () => stack.provider.calls() > calls })
  const refused = await sendPaid({
    stack,
    body,
    payment: retry,
    headers: { 'x-stainless-retry-count': '1' },
  })
  return { running, refused, calls }
}

test.each(['batch-settlement', 'upto', 'exact'] as const)(
  'a retry of the SDK with a fresh payment over %s does not start the call again while it runs',
  async (scheme) => {
    const payer = await stack.newPayer()
    stack.provider.setFaults({ headersDelayMs: 600 })
    const { running, refused, calls } = await retryWhile({ scheme, payer })
    expect(refused.status).toBe(409)
    expect(refused.headers.get('x-should-retry')).toBe('false')
    const first = await running
    expect(first.status).toBe(200)
    expect(await readError(refused)).toMatchObject({
      code: 'payment_in_flight',
      call_id: first.headers.get('x-call-id'),
    })
    expect(stack.provider.calls() - calls).toBe(1)
  },
)

test('the same body without the mark of a retry is another call', async () => {
  const { openai, stock } = await newSdk()
  const calls = stack.provider.calls()
  await openai.chat.completions.create(question('Again?'))
  await openai.chat.completions.create(question('Again?'))
  expect(stock.statuses()).toEqual([402, 200, 402, 200])
  expect(stack.provider.calls() - calls).toBe(2)
})
