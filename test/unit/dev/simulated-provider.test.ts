import { encode } from 'gpt-tokenizer/encoding/o200k_base'
import { expect, test } from 'vitest'
import { composeAnswer } from '../../../src/dev/simulated-provider/compose-answer.ts'
import { anthropicFace } from '../../../src/dev/simulated-provider/faces/anthropic-face.ts'
import { geminiFace } from '../../../src/dev/simulated-provider/faces/gemini-face.ts'
import { openAiFace } from '../../../src/dev/simulated-provider/faces/openai-face.ts'
import { parseFaults } from '../../../src/dev/simulated-provider/faults.ts'
import { parseSpecialAnswer, type SpecialAnswer } from '../../../src/dev/simulated-provider/special-answer.ts'
import { simulatedText } from '../../../src/dev/simulated-provider/simulated-text.ts'
import { WORDS } from '../../../src/dev/simulated-provider/vocabulary.ts'

test('every word is one o200k token behind a space, and every opener also without one', () => {
  const words = Object.values(WORDS).flat()
  expect(words.length).toBeGreaterThan(100)
  expect(words.filter((word) => encode(` ${word}`).length !== 1)).toEqual([])
  expect(WORDS.openers.filter((word) => encode(word).length !== 1)).toEqual([])
})

test('every chunk is one token, on its own and in the whole text', () => {
  for (let seed = 0; seed < 50; seed += 1) {
    const { tokens } = simulatedText({ seed: String(seed), minTokens: 60, maxTokens: 160, cap: 4_096 })
    expect(encode(tokens.join('')).length).toBe(tokens.length)
    expect(tokens.filter((token) => encode(token).length !== 1)).toEqual([])
    expect(tokens.length).toBeGreaterThanOrEqual(60)
    expect(tokens.length).toBeLessThanOrEqual(160)
  }
})

test('the text depends on the seed and the cap cuts it', () => {
  const text = (seed: string, cap = 4_096) => simulatedText({ seed, minTokens: 60, maxTokens: 160, cap })
  expect(text('a')).toEqual(text('a'))
  expect(text('a').tokens).not.toEqual(text('b').tokens)
  expect(text('a').finishReason).toBe('stop')
  expect(text('a', 10)).toEqual({ tokens: text('a').tokens.slice(0, 10), finishReason: 'length' })
})

test('faults are read by name', () => {
  expect(parseFaults('status=429, retry-after=3, echo')).toEqual({
    status: 429,
    retryAfter: '3',
    echoPrompt: true,
  })
  expect(parseFaults('stall=3,comments=10,usage=10,missing-usage')).toEqual({
    stallAfter: 3,
    commentMs: 10,
    usageFactor: 10,
    missingUsage: true,
  })
  expect(() => parseFaults('explode')).toThrow(RangeError)
  expect(() => parseFaults('status=x')).toThrow(RangeError)
  expect(() => parseFaults('hang=1')).toThrow(RangeError)
})

test('special answers are read by name', () => {
  expect(parseSpecialAnswer('tools=2, thinking=12,cached=5, written=3, refusal')).toEqual({
    toolCalls: 2,
    thinkingTokens: 12,
    cachedTokens: 5,
    writtenTokens: 3,
    isRefused: true,
  })
  expect(() => parseSpecialAnswer('tools')).toThrow(RangeError)
})

const composed = (cap: number, special: SpecialAnswer, schema: object = {}) =>
  composeAnswer({
    request: {
      model: 'm',
      isStreamed: false,
      includeUsage: true,
      choices: 1,
      cap,
      messages: [{ role: 'user', content: 'Where?' }],
      tools: [{ name: 'tide', parameters: { type: 'object', properties: schema } }],
    },
    special,
    promptTokens: 10,
    seed: 1,
    length: { minTokens: 60, maxTokens: 160 },
    faults: {},
    nowMs: 0,
  })

test('the cap holds whatever an answer is made of, and cuts no call in two', () => {
  const specials = [
    {},
    { toolCalls: 3 },
    { thinkingTokens: 8 },
    { isRefused: true },
    { thinkingTokens: 8, toolCalls: 2 },
  ]
  const schema = { port: { type: 'string' }, hours: { type: 'integer' } }
  for (const special of specials) {
    for (let cap = 1; cap <= 40; cap += 1) {
      const { usage, choices } = composed(cap, special, schema)
      expect(usage?.output).toBeLessThanOrEqual(cap)
      for (const { kind, tokens } of choices[0]?.blocks ?? []) {
        expect(tokens.length).toBeGreaterThan(0)
        if (kind === 'call') expect(JSON.parse(tokens.join(''))).toHaveProperty('port')
      }
    }
    expect(composed(1, special, schema).choices[0]?.finish).toBe('length')
  }
  expect(composed(400, { toolCalls: 3 }, schema).choices[0]?.finish).toBe('calls')
})

test('arguments fit the schema at its first level', () => {
  const schema = {
    kind: { enum: ['spring', 'neap'] },
    hours: { type: ['integer', 'null'] },
    isOpen: { type: 'boolean' },
    ports: { type: 'array' },
    at: { type: 'object' },
    other: true,
  }
  const [call] = composed(400, { toolCalls: 1 }, schema).choices[0]?.blocks ?? []
  const said = JSON.parse(call?.tokens.join('') ?? '') as Record<string, unknown>
  expect(['spring', 'neap']).toContain(said['kind'])
  expect(said).toMatchObject({
    hours: expect.any(Number),
    isOpen: expect.any(Boolean),
    ports: [],
    at: {},
    other: null,
  })
  expect(composed(400, { toolCalls: 1 }).choices[0]?.blocks[0]?.tokens).toEqual(['{}'])
})

test('more is never cached than there is', () => {
  expect(composed(400, { cachedTokens: 7, writtenTokens: 7 }).usage).toMatchObject({
    input: 10,
    cacheRead: 7,
    cacheWrite: 3,
  })
})

const read = (body: object) => ({
  url: new URL('http://provider.test/v1beta/models/m:generateContent'),
  headers: { 'x-api-key': '', 'x-goog-api-key': '' },
  body: JSON.stringify({ model: 'm', max_tokens: 9, ...body }),
})

test('one conversation is the same request, whichever face it came to', () => {
  const image = 'data:image/png;base64,AAAA'
  const asked = [
    openAiFace.read(
      read({
        messages: [
          { role: 'developer', content: 'Be brief.' },
          {
            role: 'user',
            content: [
              { type: 'text', text: 'What' },
              { type: 'image_url', image_url: { url: image } },
            ],
          },
          { role: 'user', content: ' is it?' },
          { role: 'assistant', content: 'I look.', tool_calls: [] },
          { role: 'tool', content: 'A tide.' },
          { role: 'user', content: 'And?' },
        ],
        tools: [
          {
            type: 'function',
            function: { name: 'tide', description: 'Looks.', parameters: { type: 'object' } },
          },
        ],
      }),
    ),
    anthropicFace.read(
      read({
        system: [
          { type: 'text', text: 'Be ' },
          { type: 'text', text: 'brief.' },
        ],
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'What' },
              { type: 'image', source: {} },
              { type: 'text', text: ' is it?' },
            ],
          },
          {
            role: 'assistant',
            content: [
              { type: 'thinking', thinking: 'Hm.' },
              { type: 'text', text: 'I look.' },
              { type: 'tool_use', name: 'tide', input: {} },
            ],
          },
          {
            role: 'user',
            content: [
              { type: 'tool_result', content: 'A tide.' },
              { type: 'text', text: 'And?' },
            ],
          },
        ],
        tools: [{ name: 'tide', description: 'Looks.', input_schema: { type: 'object' } }],
      }),
    ),
    geminiFace.read(
      read({
        systemInstruction: { parts: [{ text: 'Be brief.' }] },
        contents: [
          {
            role: 'user',
            parts: [
              { text: 'What' },
              { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
              { text: ' is it?' },
            ],
          },
          {
            role: 'model',
            parts: [{ text: 'Hm.', thought: true }, { text: 'I look.' }, { functionCall: { name: 'tide' } }],
          },
          {
            role: 'user',
            parts: [
              { functionResponse: { name: 'tide', response: { content: 'A tide.' } } },
              { text: 'And?' },
            ],
          },
        ],
        generationConfig: { maxOutputTokens: 9 },
        tools: [
          {
            functionDeclarations: [
              { name: 'tide', description: 'Looks.', parametersJsonSchema: { type: 'object' } },
            ],
          },
        ],
      }),
    ),
  ]
  const told = asked.map((request) => ('status' in request ? request : { ...request, includeUsage: true }))
  expect(told[1]).toEqual(told[0])
  expect(told[2]).toEqual(told[0])
  expect(told[0]).toMatchObject({ cap: 9, choices: 1, isStreamed: false })
})
