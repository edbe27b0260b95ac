import { expect, test } from 'vitest'
import { readHeadroom } from '../../../src/providers/read-headroom.ts'

const NOW_MS = Date.parse('2026-11-26T12:00:00Z')
const read = (headers: Record<string, string>) => readHeadroom({ headers, nowMs: NOW_MS })
const openAi = (what: string, limit: string, remaining: string, reset: string) => ({
  [`x-ratelimit-limit-${what}`]: limit,
  [`x-ratelimit-remaining-${what}`]: remaining,
  [`x-ratelimit-reset-${what}`]: reset,
})

test('of all that a provider counts the tightest is told', () => {
  expect(
    read({ ...openAi('requests', '100', '90', '1s'), ...openAi('tokens', '1000', '50', '6m0s') }),
  ).toEqual({
    share: 0.05,
    resetAfterMs: 360_000,
  })
})

test.each([
  ['17ms', 17],
  ['1m2.5s', 62_500],
  ['12', 12_000],
  ['2026-11-26T12:00:30Z', 30_000],
  ['2026-11-26T11:59:00Z', 0],
  ['900h', 3_600_000],
  ['whenever', 60_000],
  ['', 60_000],
])('a reset of "%s" is understood', (reset, resetAfterMs) => {
  expect(read(openAi('requests', '10', '5', reset))).toEqual({ share: 0.5, resetAfterMs })
})

test("Anthropic's names are known as well", () => {
  expect(
    read({
      'anthropic-ratelimit-output-tokens-limit': '8000',
      'anthropic-ratelimit-output-tokens-remaining': '2000',
      'anthropic-ratelimit-output-tokens-reset': '2026-11-26T12:01:00Z',
    }),
  ).toEqual({ share: 0.25, resetAfterMs: 60_000 })
})

test('what is no number, or half said, says nothing', () => {
  expect(read({})).toBeUndefined()
  expect(read({ 'x-ratelimit-limit-requests': '10' })).toBeUndefined()
  expect(read(openAi('requests', '0', '0', '1s'))).toBeUndefined()
  expect(read(openAi('requests', 'many', '5', '1s'))).toBeUndefined()
})
