import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Prices } from '../../../src/catalog/types.ts'
import type { Usage } from '../../../src/chat/usage.ts'
import { ceilingOf, estimateOf } from '../../../src/pricing/ceiling.ts'
import { addMargin, chargeOf } from '../../../src/pricing/charge.ts'
import { costOf } from '../../../src/pricing/cost.ts'

const price = fc.bigInt({ min: 0n, max: 100_000_000n })
const prices: fc.Arbitrary<Prices> = fc.record({
  inputPicoUsd: price,
  cacheReadPicoUsd: price,
  cacheWritePicoUsd: price,
  outputPicoUsd: price,
})
const count = fc.integer({ min: 0, max: 1_000_000 })

/** Usage within bounds: what an honest provider may report. */
const usageWithin = (inputBoundTokens: number, outputCap: number, choices: number): fc.Arbitrary<Usage> =>
  fc.tuple(count, count, count, count, count).map(([a, b, c, d, e]) => {
    const share = (part: number, parts: number[], total: number) =>
      Math.floor(
        (part /
          Math.max(
            1,
            ...parts,
            parts.reduce((sum, one) => sum + one, 0),
          )) *
          total,
      )
    const inputs = [a, b, c]
    const outputs = [d, e]
    return {
      inputUncached: share(a, inputs, inputBoundTokens),
      cacheRead: share(b, inputs, inputBoundTokens),
      cacheWrite: share(c, inputs, inputBoundTokens),
      cacheWriteHour: 0,
      outputText: share(d, outputs, outputCap * choices),
      reasoning: share(e, outputs, outputCap * choices),
      images: 0,
      audio: 0,
    }
  })

test('the cost is tokens times price in every bucket, reasoning as output', () => {
  const usage = {
    inputUncached: 1,
    cacheRead: 10,
    cacheWrite: 100,
    cacheWriteHour: 0,
    outputText: 1_000,
    reasoning: 10_000,
    images: 0,
    audio: 0,
  }
  const table = { inputPicoUsd: 2n, cacheReadPicoUsd: 3n, cacheWritePicoUsd: 5n, outputPicoUsd: 7n }
  expect(costOf({ usage, prices: table })).toBe(2n + 30n + 500n + 77_000n)
})

test('tokens of a kind without a price cost the dearest bucket', () => {
  const usage = {
    inputUncached: 0,
    cacheRead: 0,
    cacheWrite: 0,
    cacheWriteHour: 0,
    outputText: 0,
    reasoning: 0,
    images: 2,
    audio: 3,
  }
  const table = {
    inputPicoUsd: 2n,
    cacheReadPicoUsd: 3n,
    cacheWritePicoUsd: 5n,
    outputPicoUsd: 7n,
    audioPicoUsd: 1n,
  }
  expect(costOf({ usage, prices: table })).toBe(2n * 7n + 3n * 1n)
})

test('no usage within the bounds costs more than the ceiling, at any candidate', () => {
  const bounds = { inputBoundTokens: 5_000, outputCap: 300, choices: 2 }
  fc.assert(
    fc.property(
      fc.array(prices, { minLength: 1, maxLength: 4 }),
      usageWithin(5_000, 300, 2),
      fc.nat(3),
      fc.nat(50_000),
      (candidates, usage, which, marginBps) => {
        const served = candidates[which % candidates.length] as Prices
        const costPicoUsd = costOf({ usage, prices: served })
        return addMargin({ costPicoUsd, marginBps }) <= ceilingOf({ candidates, bounds, marginBps })
      },
    ),
  )
})

test('the estimate never exceeds the ceiling', () => {
  fc.assert(
    fc.property(prices, count, fc.integer({ min: 1, max: 100_000 }), (one, inputBoundTokens, outputCap) => {
      const bounds = { inputBoundTokens, outputCap, choices: 1 }
      const from = { bounds, marginBps: 500 }
      return estimateOf({ candidates: [one], ...from }) <= ceilingOf({ candidates: [one], ...from })
    }),
  )
})

test('a charge is cost and margin and fee, rounded up once', () => {
  const charge = chargeOf({
    costPicoUsd: 61_650_000n,
    marginBps: 500,
    feePicoUsd: 100_000_000n,
    decimals: 6,
    ceilingAtomic: 1_000n,
  })
  expect(charge).toEqual({ chargeAtomic: 165n, chargePicoUsd: 164_732_500n })
})

test('a provider that claims more than the ceiling is our loss', () => {
  const charge = chargeOf({
    costPicoUsd: 10n ** 12n,
    marginBps: 0,
    feePicoUsd: 0n,
    decimals: 6,
    ceilingAtomic: 76n,
  })
  expect(charge.chargeAtomic).toBe(76n)
})
