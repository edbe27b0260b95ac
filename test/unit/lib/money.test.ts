import fc from 'fast-check'
import { expect, test } from 'vitest'
import { atomicToPicoUsd, formatUsd, parseAtomic, parseUsd, picoUsdToAtomic } from '../../../src/lib/money.ts'

test('an amount from the wire is a canonical integer or nothing', () => {
  for (const text of [
    '',
    ' 5 ',
    '0x10',
    '-1',
    '1e30',
    '007',
    '+5',
    '5.0',
    '１',
    `${1n << 128n}`,
    5,
    5n,
    null,
  ]) {
    expect(parseAtomic(text), String(text)).toBeUndefined()
  }
  expect(parseAtomic('0')).toBe(0n)
  expect(parseAtomic(`${(1n << 128n) - 1n}`)).toBe((1n << 128n) - 1n)
})

test('USD amounts survive writing and reading', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 28n }), (amount) => parseUsd(formatUsd(amount)) === amount),
  )
  expect(formatUsd(-1_500_000_000_000n)).toBe('-1.5')
})

test('pico-USD become atomic units rounded up, by less than one unit', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 10n ** 24n }),
      fc.integer({ min: 0, max: 18 }),
      (amountPicoUsd, decimals) => {
        const amountAtomic = picoUsdToAtomic({ amountPicoUsd, decimals })
        // Compared in the finer of the two units, where neither side is rounded.
        const fine = 10n ** BigInt(Math.max(0, decimals - 12))
        const perAtomic = decimals >= 12 ? 1n : 10n ** BigInt(12 - decimals)
        const difference = amountAtomic * perAtomic - amountPicoUsd * fine
        return difference >= 0n && difference < perAtomic
      },
    ),
  )
})

test('atomic units of 6 decimals have an exact value in pico-USD', () => {
  expect(atomicToPicoUsd({ amountAtomic: 1n, decimals: 6 })).toBe(1_000_000n)
  expect(atomicToPicoUsd({ amountAtomic: 10n ** 18n, decimals: 18 })).toBe(10n ** 12n)
})
