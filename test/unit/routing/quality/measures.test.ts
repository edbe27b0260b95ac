import { expect, test } from 'vitest'
import { apgrOf, calibrationError } from '../../../../scripts/router/measures.ts'

const pairs = (gains: readonly number[]) =>
  gains.map((gain, index) => ({ gain, strong: 1, weak: index < 2 ? 0 : 1 }))

test('APGR: the right order, a random one and the wrong one', () => {
  expect(apgrOf(pairs([2, 2, 1, 1]))).toBeCloseTo(0.75, 9)
  expect(apgrOf(pairs([1, 1, 2, 2]))).toBeCloseTo(0.25, 9)
})

test('calibration error: none where shares come true, half where a coin was called certain', () => {
  const coin = (predicted: number) => [0, 1].map((observed) => ({ predicted, observed }))
  expect(calibrationError(coin(0.5))).toBe(0)
  expect(calibrationError(coin(1))).toBe(0.5)
})
