import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { boundOf, type Direction, judgeUsage } from '../../../src/call/serve/judge-usage.ts'
import { NO_USAGE, type Usage } from '../../../src/chat/usage.ts'

const tokens = fc.integer({ min: 0, max: 2_000_000 })
const usages = fc.record({
  inputUncached: tokens,
  cacheRead: tokens,
  cacheWrite: tokens,
  cacheWriteHour: tokens,
  outputText: tokens,
  reasoning: tokens,
  images: tokens,
  audio: tokens,
})
const directions = fc.constantFrom<Direction>('input', 'output')
const OWN = { providerPerOwn: 1, isOwn: true }
const HUGE = 1_000_000_000

const output = (outputText: number): Usage => ({ ...NO_USAGE, outputText })
const kindOf = (asked: Parameters<typeof judgeUsage>[0]) => judgeUsage(asked).kind

test('what is billed above the bound is above it, counted or not, and nothing else is', () => {
  fc.assert(
    fc.property(usages, directions, tokens, fc.option(tokens), (usage, direction, boundTokens, counted) => {
      const own = counted === null ? undefined : { tokens: counted, slackTokens: 16 }
      const billed =
        direction === 'input'
          ? usage.inputUncached + usage.cacheRead + usage.cacheWrite + usage.cacheWriteHour
          : usage.outputText + usage.reasoning
      const verdict = judgeUsage({ usage, direction, boundTokens, own, ratio: OWN })
      expect(verdict.kind === 'above_bound').toBe(billed > boundTokens)
      if (verdict.kind === 'above_bound')
        expect(verdict).toMatchObject({ expectedTokens: boundTokens, reportedTokens: billed })
    }),
  )
})

test('the first bound is the plan’s, the second the cap of every choice', () => {
  const plan = { inputBoundTokens: 700, outputCap: 50 }
  expect(boundOf({ plan, choices: 3, direction: 'input' })).toBe(700)
  expect(boundOf({ plan, choices: 3, direction: 'output' })).toBe(150)
  const usage = { ...output(100), reasoning: 51 }
  expect(kindOf({ usage, direction: 'output', boundTokens: 150 })).toBe('above_bound')
  expect(kindOf({ usage: { ...usage, reasoning: 50 }, direction: 'output', boundTokens: 150 })).toBe(
    'unjudged',
  )
})

test('without a count, or without a measure, only the bound is judged', () => {
  const usage = output(900)
  const asked = { usage, direction: 'output', boundTokens: HUGE } as const
  expect(kindOf({ ...asked, ratio: OWN })).toBe('unjudged')
  expect(kindOf({ ...asked, own: { tokens: 10, slackTokens: 16 } })).toBe('unjudged')
})

test('a count within 5 % of the own tokenizer, or within the slack, agrees; beyond both it deviates', () => {
  fc.assert(
    fc.property(tokens, tokens, fc.integer({ min: 0, max: 200 }), (reported, counted, slackTokens) => {
      const kind = kindOf({
        usage: output(reported),
        direction: 'output',
        boundTokens: HUGE,
        own: { tokens: counted, slackTokens },
        ratio: OWN,
      })
      const isOff = Math.abs(reported - counted) > counted * 0.05 + slackTokens
      expect(kind).toBe(isOff ? 'deviates' : 'agrees')
    }),
  )
})

test('the edges: 5 % with the own tokenizer, 25 % with a ratio, and a handful of tokens of a short answer', () => {
  const judge = (reported: number, counted: number, ratio = OWN) =>
    kindOf({
      usage: output(reported),
      direction: 'output',
      boundTokens: HUGE,
      own: { tokens: counted, slackTokens: 16 },
      ratio,
    })
  expect([judge(1_066, 1_000), judge(1_067, 1_000), judge(934, 1_000), judge(933, 1_000)]).toEqual([
    'agrees',
    'deviates',
    'agrees',
    'deviates',
  ])
  expect([judge(17, 1), judge(18, 1)]).toEqual(['agrees', 'deviates'])
  const usual = { providerPerOwn: 1.2, isOwn: false }
  expect([judge(1_516, 1_000, usual), judge(1_517, 1_000, usual)]).toEqual(['agrees', 'deviates'])
  expect([judge(884, 1_000, usual), judge(883, 1_000, usual)]).toEqual(['agrees', 'deviates'])
})

test('reasoning is not held against the text, and cached input is input', () => {
  const own = { tokens: 100, slackTokens: 16 }
  const asked = { boundTokens: HUGE, own, ratio: OWN }
  expect(kindOf({ ...asked, direction: 'output', usage: { ...output(100), reasoning: 5_000 } })).toBe(
    'agrees',
  )
  const cached = { ...NO_USAGE, inputUncached: 20, cacheRead: 50, cacheWrite: 20, cacheWriteHour: 10 }
  expect(kindOf({ ...asked, direction: 'input', usage: cached })).toBe('agrees')
  expect(kindOf({ ...asked, direction: 'input', usage: { ...cached, cacheRead: 500 } })).toBe('deviates')
})
