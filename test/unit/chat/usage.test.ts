import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { readUsage } from '../../../src/chat/read-usage.ts'

const sum = (usage: object) => Object.values(usage).reduce((total: number, count) => total + Number(count), 0)

test('takes cached, written and audio tokens out of the prompt and reasoning out of the completion', () => {
  const usage = readUsage({
    prompt_tokens: 100,
    completion_tokens: 50,
    total_tokens: 150,
    prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 10, audio_tokens: 5 },
    completion_tokens_details: { reasoning_tokens: 30, audio_tokens: 2, image_tokens: 3 },
  })
  expect(usage).toEqual({
    inputUncached: 25,
    cacheRead: 60,
    cacheWrite: 10,
    cacheWriteHour: 0,
    outputText: 15,
    reasoning: 30,
    images: 3,
    audio: 7,
  })
})

test('what is kept for an hour is part of what was written, never more', () => {
  const written = (hour: number) =>
    readUsage({
      prompt_tokens: 100,
      completion_tokens: 1,
      prompt_tokens_details: { cache_write_tokens: 60, cache_write_1h_tokens: hour },
    })
  expect(written(20)).toMatchObject({ inputUncached: 40, cacheWrite: 40, cacheWriteHour: 20 })
  expect(written(70)).toMatchObject({ inputUncached: 40, cacheWrite: 0, cacheWriteHour: 60 })
})

test('needs no details and takes DeepSeek’s name for cached tokens', () => {
  expect(readUsage({ prompt_tokens: 3, completion_tokens: 4 })).toMatchObject({
    inputUncached: 3,
    outputText: 4,
  })
  expect(readUsage({ prompt_tokens: 3, completion_tokens: 4, prompt_tokens_details: null })).toBeDefined()
  expect(readUsage({ prompt_tokens: 9, completion_tokens: 1, prompt_cache_hit_tokens: 6 })).toMatchObject({
    inputUncached: 3,
    cacheRead: 6,
  })
})

test('reasoning beside the completion is seen in the total and is not lost', () => {
  const details = { completion_tokens_details: { reasoning_tokens: 40 } }
  expect(readUsage({ prompt_tokens: 10, completion_tokens: 5, total_tokens: 55, ...details })).toMatchObject({
    outputText: 5,
    reasoning: 40,
  })
  expect(readUsage({ prompt_tokens: 10, completion_tokens: 45, total_tokens: 55, ...details })).toMatchObject(
    { outputText: 5, reasoning: 40 },
  )
})

test('refuses what is no count', () => {
  const wrong = [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '7', 1e30, {}, undefined]
  for (const prompt_tokens of wrong)
    expect(readUsage({ prompt_tokens, completion_tokens: 1 })).toBeUndefined()
  expect(readUsage({ prompt_tokens: 1, completion_tokens: -1 })).toBeUndefined()
  const details = { prompt_tokens_details: { cached_tokens: -5 } }
  expect(readUsage({ prompt_tokens: 1, completion_tokens: 1, ...details })).toBeUndefined()
  for (const value of [undefined, null, 7, 'x']) expect(readUsage(value)).toBeUndefined()
})

test('every token is in exactly one bucket, whatever the details claim', () => {
  const count = fc.nat(1_000)
  fc.assert(
    fc.property(fc.record({ p: count, c: count, a: count, b: count, d: count, e: count, f: count }), (n) => {
      const usage = readUsage({
        prompt_tokens: n.p,
        completion_tokens: n.c,
        total_tokens: n.p + n.c,
        prompt_tokens_details: { cached_tokens: n.a, cache_write_tokens: n.b, audio_tokens: n.d },
        completion_tokens_details: { reasoning_tokens: n.e, audio_tokens: n.f },
      })
      // With total = prompt + completion, reasoning can only be inside.
      expect(sum(usage ?? {})).toBe(n.p + n.c)
      expect(Object.values(usage ?? { none: -1 }).every((bucket) => bucket >= 0)).toBe(true)
    }),
  )
})
