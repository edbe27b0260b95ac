import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PriceBuckets, Prices } from '../../../src/catalog/types.ts'
import { NO_USAGE, type Usage } from '../../../src/chat/usage.ts'
import { ceilingOf } from '../../../src/pricing/ceiling.ts'
import { addMargin } from '../../../src/pricing/charge.ts'
import { costOf } from '../../../src/pricing/cost.ts'

const flat = (price: bigint): PriceBuckets => ({
  inputPicoUsd: price,
  cacheReadPicoUsd: price,
  cacheWritePicoUsd: price,
  outputPicoUsd: price,
})
const tiered: Prices = { ...flat(1n), tiers: [{ aboveInputTokens: 1_000, ...flat(100n) }] }
const costFor = (usage: Partial<Usage>) => costOf({ usage: { ...NO_USAGE, ...usage }, prices: tiered })
const ceilingFor = (inputBoundTokens: number, prices: Prices = tiered) =>
  ceilingOf({ candidates: [prices], bounds: { inputBoundTokens, outputCap: 10, choices: 1 }, marginBps: 0 })

test('at the threshold the base holds; one token above it the tier reprices the whole call', () => {
  expect(costFor({ inputUncached: 1_000, outputText: 10 })).toBe(1_010n)
  expect(costFor({ inputUncached: 1_001, outputText: 10 })).toBe(101_100n)
})

test('cached and spoken input count towards the length, output does not', () => {
  expect(costFor({ inputUncached: 400, cacheRead: 300, cacheWrite: 301 })).toBe(100_100n)
  expect(costFor({ inputUncached: 1_000, audio: 1 })).toBe(100_100n)
  expect(costFor({ inputUncached: 1_000, outputText: 5_000, reasoning: 5_000 })).toBe(11_000n)
})

test('a ceiling takes the tier that its bound can reach, and no other', () => {
  expect(ceilingFor(1_000)).toBe(1_010n)
  expect(ceilingFor(1_001)).toBe(101_100n)
})

test('a tier that is cheaper does not lower the ceiling: the call may stay below it', () => {
  const falling: Prices = { ...flat(100n), tiers: [{ aboveInputTokens: 1_000, ...flat(1n) }] }
  expect(ceilingFor(2_000, falling)).toBe(201_000n)
})

test('reasoning has its own price where the source names one, and the ceiling covers it', () => {
  const prices: Prices = { ...flat(2n), reasoningPicoUsd: 5n }
  expect(costOf({ usage: { ...NO_USAGE, outputText: 10, reasoning: 10 }, prices })).toBe(70n)
  expect(ceilingFor(0, prices)).toBe(50n)
})

test('audio raises the ceiling of a call that has some, and of no other', () => {
  const prices: Prices = { ...flat(2n), audioPicoUsd: 7n }
  const ceiling = (hasAudio: boolean) =>
    ceilingOf({
      candidates: [prices],
      bounds: { inputBoundTokens: 100, outputCap: 1, choices: 1, hasAudio },
      marginBps: 0,
    })
  expect(ceiling(false)).toBe(202n)
  expect(ceiling(true)).toBe(702n)
})

const price = fc.bigInt({ min: 0n, max: 1_000_000n })
const buckets = fc.record(
  {
    inputPicoUsd: price,
    cacheReadPicoUsd: price,
    cacheWritePicoUsd: price,
    outputPicoUsd: price,
    reasoningPicoUsd: price,
    audioPicoUsd: price,
    cacheWriteHourPicoUsd: price,
  },
  { requiredKeys: ['inputPicoUsd', 'cacheReadPicoUsd', 'cacheWritePicoUsd', 'outputPicoUsd'] },
)
const anyPrices: fc.Arbitrary<Prices> = fc
  .tuple(buckets, fc.array(fc.tuple(fc.nat(2_000), buckets), { maxLength: 3 }))
  .map(([base, rows]) => ({
    ...base,
    tiers: rows
      .toSorted(([a], [b]) => a - b)
      .map(([aboveInputTokens, row]) => Object.assign({ aboveInputTokens }, row)),
  }))

test('no usage within the bounds costs more than the ceiling, whatever the tiers', () => {
  fc.assert(
    fc.property(
      anyPrices,
      fc.tuple(fc.nat(600), fc.nat(600), fc.nat(300), fc.nat(300), fc.nat(600)),
      fc.tuple(fc.nat(300), fc.nat(300)),
      fc.nat(50_000),
      (
        prices,
        [inputUncached, cacheRead, cacheWrite, cacheWriteHour, audio],
        [outputText, reasoning],
        marginBps,
      ) => {
        const input = { inputUncached, cacheRead, cacheWrite, cacheWriteHour, audio }
        const usage = { ...input, outputText, reasoning, images: 0 }
        const dear = { hasAudio: true, hasHourCache: true }
        const bounds = { inputBoundTokens: 2_400, outputCap: 600, choices: 1, ...dear }
        const costPicoUsd = costOf({ usage, prices })
        return addMargin({ costPicoUsd, marginBps }) <= ceilingOf({ candidates: [prices], bounds, marginBps })
      },
    ),
    { numRuns: 2_000 },
  )
})
