import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readCompletion } from '../../../src/chat/read-completion.ts'
import { readStreamEvent } from '../../../src/chat/stream-chunk.ts'
import { createSseDecoder } from '../../../src/lib/sse.ts'

function parts(name: string) {
  const bytes = readFileSync(join(import.meta.dirname, '../../fixtures/streams', name))
  const decoder = createSseDecoder({ maxLineBytes: 1_000_000 })
  const events = [...decoder.push(bytes), ...decoder.end()].filter(({ data }) => data !== '[DONE]')
  return events.map(({ data }) => readStreamEvent(data))
}

const types = (name: string) => parts(name).map(({ type }) => type)
const text = (name: string) =>
  parts(name)
    .map((part) => ('text' in part ? part.text : ''))
    .join('')
const lastUsage = (name: string) =>
  parts(name).reduce<unknown>((found, part) => ('usage' in part ? part.usage : found), undefined)

const USAGE = {
  inputUncached: 8,
  cacheRead: 4,
  cacheWrite: 0,
  cacheWriteHour: 0,
  outputText: 3,
  reasoning: 2,
  images: 0,
  audio: 0,
}

test.each([
  ['openai-text.txt', ['preamble', 'content', 'content', 'finish', 'usage'], 'Grüße aus 東京 🗼'],
  [
    'openai-tool-call.txt',
    ['content', 'content', 'content', 'finish', 'usage'],
    'get_weather{"city":"Paris"}',
  ],
  ['deepseek-reasoning.txt', ['preamble', 'content', 'content', 'content', 'finish'], 'Let me think.Four'],
  ['usage-beside-empty-delta.txt', ['content', 'finish', 'usage'], 'Hi'],
  ['usage-in-every-chunk.txt', ['usage', 'content', 'finish', 'usage'], 'Hi'],
  ['groq.txt', ['preamble', 'content', 'finish'], 'Hi'],
  ['two-choices.txt', ['preamble', 'content', 'content', 'finish', 'finish', 'usage'], 'ab'],
])('%s is read as %j, with its usage wherever it stands', (name, expected, spoken) => {
  expect(types(name)).toEqual(expected)
  expect(text(name)).toBe(spoken)
  expect(lastUsage(name)).toEqual(USAGE)
})

test('an error inside the stream is told with its status and without its words', () => {
  const error = parts('openrouter-error.txt').at(-1)
  expect(error).toMatchObject({ type: 'error', status: 429 })
  expect(JSON.stringify(error)).not.toContain('canary')
})

test('what is no chunk is an error', () => {
  for (const json of ['{', '[]', '7', 'null', '{}', '{"choices":{}}', '{"detail":"canary"}']) {
    expect(readStreamEvent(json)).toMatchObject({ type: 'error' })
  }
})

test('text in the chunk that finishes is counted', () => {
  const json = '{"choices":[{"index":0,"delta":{"content":"end"},"finish_reason":"length"}],"usage":null}'
  expect(readStreamEvent(json)).toEqual({ type: 'finish', json, reason: 'length', text: 'end' })
})

test('reasoning under two names counts once', () => {
  const delta = { reasoning: 'abc', reasoning_content: 'abc' }
  expect(readStreamEvent(JSON.stringify({ choices: [{ delta }] }))).toMatchObject({ text: 'abc' })
})

test('JSON over several lines comes out on one', () => {
  const part = readStreamEvent('{"choices":\n[{"delta":{"content":"a\\nb"}}]}')
  expect(part).toMatchObject({
    type: 'content',
    text: 'a\nb',
    json: '{"choices": [{"delta":{"content":"a\\nb"}}]}',
  })
})

test('reads a whole completion: text of all choices, tool calls, usage', () => {
  const completion = {
    model: 'gpt-4o-mini',
    choices: [
      {
        message: { content: 'Hi', tool_calls: [{ function: { name: 'f', arguments: '{}' } }] },
        finish_reason: 'tool_calls',
      },
      { message: { content: 'Ho' }, finish_reason: 'stop' },
    ],
    usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
  }
  expect(readCompletion(JSON.stringify(completion))).toMatchObject({
    model: 'gpt-4o-mini',
    finishReason: 'tool_calls',
    text: 'Hif{}Ho',
    usage: { inputUncached: 1, outputText: 2 },
  })
  for (const json of ['{', '{}', '{"choices":[]}', '{"choices":[{}],"error":{}}']) {
    expect(readCompletion(json)).toBeUndefined()
  }
})

test('thoughts that come as details alone are content, and their signature is not', () => {
  const chunk = (detail: object) =>
    readStreamEvent(JSON.stringify({ choices: [{ index: 0, delta: { reasoning_details: [detail] } }] }))
  expect(chunk({ type: 'reasoning.text', text: 'Hm.' })).toMatchObject({ type: 'content', text: 'Hm.' })
  expect(chunk({ type: 'reasoning.text', signature: 'sig' })).toMatchObject({ type: 'preamble' })
})

test('whether reasoning is in the text is said beside it, streamed or not', () => {
  const said = (delta: object) =>
    readStreamEvent(JSON.stringify({ choices: [{ index: 0, delta, finish_reason: null }] }))
  expect(said({ content: 'Hi' })).not.toHaveProperty('hasReasoning')
  for (const delta of [
    { reasoning_content: 'Hm.' },
    { reasoning: 'Hm.', content: 'Hi' },
    { reasoning_details: [{ type: 'reasoning.text', text: 'Hm.' }] },
  ]) {
    expect(said(delta)).toMatchObject({ hasReasoning: true })
    const whole = JSON.stringify({ choices: [{ index: 0, message: delta, finish_reason: 'stop' }] })
    expect(readCompletion(whole)).toMatchObject({ hasReasoning: true })
  }
  const plain = JSON.stringify({ choices: [{ index: 0, message: { content: 'Hi' }, finish_reason: 'stop' }] })
  expect(readCompletion(plain)).not.toHaveProperty('hasReasoning')
})
