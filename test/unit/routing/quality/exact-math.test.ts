import { expect, test } from 'vitest'
import { exactExp, exactLog, logOdds, shareOfOdds } from '../../../../src/routing/quality/exact-math.ts'

const close = (a: number, b: number) => Math.abs(a - b) <= 1e-8 * Math.max(1, Math.abs(b))

test('exp and log agree with the engine to eight digits', () => {
  for (let x = -43; x <= 43; x += 0.37) expect(close(exactExp(x) / Math.exp(x), 1)).toBe(true)
  for (let x = 1e-6; x < 1e6; x *= 1.7) expect(close(exactLog(x), Math.log(x))).toBe(true)
})

test('what is beyond every chance is held, not infinite', () => {
  expect(Number.isFinite(exactExp(1e9))).toBe(true)
  expect(exactExp(-1e9)).toBeGreaterThan(0)
})

test('log-odds lead there and back', () => {
  for (const share of [0.001, 0.2, 0.5, 0.97]) expect(shareOfOdds(logOdds(share))).toBeCloseTo(share, 8)
})

test('known bits: another engine has to give the same', () => {
  expect([exactExp(1), exactExp(-3.3), exactLog(10)]).toMatchInlineSnapshot(`
    [
      2.718281828321915,
      0.03688316740123175,
      2.3025850929940455,
    ]
  `)
})
