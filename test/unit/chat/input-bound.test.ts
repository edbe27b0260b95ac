import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { countTokens } from '../../../src/chat/count-tokens.ts'
import { countTexts, inputBound, tokenizerBound } from '../../../src/chat/input-bound.ts'
import { readChatRequest } from '../../../src/chat/read-chat-request.ts'
import { openAiFace } from '../../../src/dev/simulated-provider/faces/openai-face.ts'
import { createPromptCounter } from '../../../src/dev/simulated-provider/read-prompt.ts'
import { threadCpuMs } from '../../support/thread-cpu-ms.ts'

const read = (fields: object) =>
  readChatRequest({ body: Buffer.from(JSON.stringify({ model: 'a', ...fields })) })

const text = fc.oneof(
  fc.lorem({ maxCount: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom('<|endoftext|>', '漢'.repeat(400), 'a'.repeat(400), ' '.repeat(400), '!?'.repeat(300), ''),
)
const part = fc.oneof(
  text.map((value) => ({ type: 'text', text: value })),
  fc.constant({ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }),
)
const message = fc.record({
  role: fc.constantFrom('system', 'user', 'assistant'),
  content: fc.oneof(text, fc.array(part, { maxLength: 4 })),
})
const request = fc.record({
  messages: fc.array(message, { minLength: 1, maxLength: 6 }),
  tools: fc.array(
    text.map((description) => ({ type: 'function', function: { name: 'f', description } })),
    { maxLength: 3 },
  ),
})

/** What OpenAI documents for its chat format: 3 a message, 1 for a name, the role's token, 3 for the answer's start. */
async function documentedCount(fields: { messages: readonly unknown[]; tools: readonly unknown[] }) {
  let total = 3 + (fields.tools.length > 0 ? await countTokens(JSON.stringify(fields.tools)) : 0)
  for (const one of fields.messages as { role: string; content: unknown }[]) {
    total += 4
    const { content } = one
    if (typeof content === 'string') total += await countTokens(content)
    else for (const piece of content as { text?: string }[]) total += await countTokens(piece.text ?? '')
  }
  return total
}

test('both bounds hold over o200k with the chat overhead and over the simulated provider’s count', async () => {
  const simulated = createPromptCounter()
  await fc.assert(
    fc.asyncProperty(request, async (fields) => {
      const asked = read(fields)
      const bytes = inputBound({ request: asked }).boundTokens
      const counted = await countTexts({ request: asked })
      const tokens = tokenizerBound({ counted, safetyFactor: 1 }).boundTokens
      const real = await documentedCount(fields)
      const body = JSON.stringify({ model: 'a', ...fields })
      const sent = openAiFace.read({ url: new URL('http://provider.test'), headers: {}, body })
      if ('status' in sent) throw new Error('the simulated provider did not take it')
      const seen = await simulated(sent)
      expect(Math.max(real, seen)).toBeLessThanOrEqual(Math.min(bytes, tokens))
      expect(tokens).toBeLessThanOrEqual(bytes)
    }),
    { numRuns: 300 },
  )
})

test('names, tool calls, response formats and images all count', () => {
  const bound = (fields: object) => inputBound({ request: read(fields) }).boundTokens
  const plain = { role: 'user', content: 'x' }
  const base = bound({ messages: [plain] })
  expect(bound({ messages: [{ ...plain, name: 'n'.repeat(50) }] })).toBe(base + 50)
  expect(bound({ messages: [{ ...plain, tool_calls: [{ id: 'y'.repeat(80) }] }] })).toBeGreaterThan(base + 80)
  const response_format = { type: 'json_schema', json_schema: { name: 'z'.repeat(90) } }
  expect(bound({ messages: [plain], response_format })).toBeGreaterThan(base + 90)
  const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(100_000)}` } }
  const content = [{ type: 'text', text: 'x' }, image]
  expect(bound({ messages: [{ role: 'user', content }] })).toBe(base + 4_096)
})

test('a safety factor raises the tokenizer’s bound, never above the bytes', async () => {
  const asked = read({
    messages: [{ role: 'user', content: 'Four score and seven years ago. '.repeat(200) }],
  })
  const counted = await countTexts({ request: asked })
  const plain = tokenizerBound({ counted, safetyFactor: 1 })
  const wider = tokenizerBound({ counted, safetyFactor: 1.5 })
  const bytes = inputBound({ request: asked })
  expect(plain.method).toBe('tokenizer')
  expect(plain.boundTokens).toBeLessThan(bytes.boundTokens / 3)
  expect(wider.boundTokens).toBeGreaterThan(plain.boundTokens)
  const absurd = tokenizerBound({ counted, safetyFactor: 100 })
  expect(absurd.boundTokens).toBe(bytes.boundTokens)
})

test('counting text that is made to be slow does not hold the process', async () => {
  await countTokens('warm')
  for (const run of [
    'ab'.repeat(500_000),
    ' '.repeat(1_000_000),
    '漢'.repeat(300_000),
    `${'a'.repeat(191)} `.repeat(2_000),
  ]) {
    const startedMs = threadCpuMs()
    expect(await countTokens(run)).toBeGreaterThan(0)
    expect(threadCpuMs() - startedMs).toBeLessThan(1_500)
  }
})
