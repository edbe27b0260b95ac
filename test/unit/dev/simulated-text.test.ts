import { encode } from 'gpt-tokenizer/encoding/o200k_base'
import { expect, test } from 'vitest'
import { parseFaults } from '../../../src/dev/simulated-provider/faults.ts'
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
})
