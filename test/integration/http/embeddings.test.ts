import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { payingFetch } from '../../../src/client/paying-fetch.ts'
import { type Stack, startStack } from '../../support/start-stack.ts'

const MODEL = 'openai/text-embedding-3-small'

let stack: Stack
let client: OpenAI
let paid: { status: number; body: Record<string, unknown> }[] = []
beforeAll(async () => {
  stack = await startStack()
  const payer = await stack.newPayer()
  const pay = payingFetch(payer.account, { schemes: ['batch-settlement'] })
  const fetch: typeof globalThis.fetch = async (url, init) => {
    const response = await pay(url, init)
    paid.push({ status: response.status, body: (await response.clone().json()) as Record<string, unknown> })
    return response
  }
  client = new OpenAI({ apiKey: 'none', baseURL: `${stack.app.url}/v1`, maxRetries: 0, fetch })
})
afterAll(() => stack.close())

test('the SDK reads what was paid: a text, many texts, tokens, fewer dimensions', async () => {
  paid = []
  const one = await client.embeddings.create({ model: MODEL, input: 'The harbour is calm.' })
  expect(one.data).toHaveLength(1)
  const many = await client.embeddings.create({
    model: MODEL,
    input: ['The harbour is calm.', 'Storm.'],
    dimensions: 3,
  })
  expect(many.data.map(({ embedding }) => embedding.length)).toEqual([3, 3])
  const tokens = await client.embeddings.create({ model: MODEL, input: [[1, 2, 3], [4]] })
  expect(tokens.usage.prompt_tokens).toBe(4)
  for (const { body } of paid)
    expect(body['turnpike']).toMatchObject({ charge: expect.stringMatching(/^[0-9]+$/) })
  await stack.expectCleanBooks()
})

test('the charge is tokens times price, and the ceiling holds for what was bounded', async () => {
  paid = []
  const { usage } = await client.embeddings.create({ model: MODEL, input: 'word '.repeat(2_000) })
  expect(usage.prompt_tokens).toBeGreaterThan(1_000)
  const [answer] = paid
  if (!answer) throw new Error('Nothing was paid.')
  const { charge, ceiling } = answer.body['turnpike'] as { charge: string; ceiling: string }
  expect(BigInt(charge)).toBeGreaterThan(0n)
  expect(BigInt(charge)).toBeLessThanOrEqual(BigInt(ceiling))
})

test.each([
  ['a chat model', { model: 'openai/gpt-4o-mini', input: 'Hi' }, 'wrong_model_kind', 'model'],
  ['no input', { model: MODEL }, 'missing_field', 'input'],
  ['an empty text', { model: MODEL, input: ['a', ''] }, 'invalid_field', 'input'],
  ['a misspelt field', { model: MODEL, input: 'Hi', dimension: 3 }, 'unknown_field', 'dimension'],
])('%s is refused before anything is paid', async (_name, body, code, param) => {
  const response = await fetch(`${stack.app.url}/v1/embeddings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ error: { code, param } })
})

test('an embeddings model does not chat', async () => {
  const chat = client.chat.completions.create({ model: MODEL, messages: [{ role: 'user', content: 'Hi' }] })
  await expect(chat).rejects.toMatchObject({ code: 'wrong_model_kind' })
})
