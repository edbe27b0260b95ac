import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { picoUsdToAtomic } from '../../../src/lib/money.ts'
import { chargeOf } from '../../../src/pricing/charge.ts'

test('usage beyond the bound is charged at the ceiling in both units, not reported as more than was taken', () => {
  const charge = chargeOf({
    costPicoUsd: 10n ** 15n,
    marginBps: 500,
    feePicoUsd: 100n,
    decimals: 6,
    ceilingAtomic: 2_000n,
  })
  expect(charge).toEqual({ chargeAtomic: 2_000n, chargePicoUsd: 2_000_000_000n })
})

test('a charge in 6 and in 18 decimals is the same dollars, never below the price and never above the ceiling', () => {
  const pico = (most: bigint) => fc.bigInt({ min: 0n, max: most })
  fc.assert(
    fc.property(
      pico(10n ** 16n),
      pico(10n ** 14n),
      pico(10n ** 16n),
      fc.integer({ min: 0, max: 100_000 }),
      (costPicoUsd, feePicoUsd, agreedPicoUsd, marginBps) => {
        const [narrow, wide] = ([6, 18] as const).map((decimals) => {
          const ceilingAtomic = picoUsdToAtomic({ amountPicoUsd: agreedPicoUsd, decimals })
          const charge = chargeOf({ costPicoUsd, marginBps, feePicoUsd, decimals, ceilingAtomic })
          expect(charge.chargeAtomic).toBeLessThanOrEqual(ceilingAtomic)
          return charge
        })
        if (!narrow || !wide) throw new Error('Two charges were made.')
        // A unit of 18 decimals is finer than a pico-USD: nothing is rounded there, and up by less than a unit of the other.
        expect(wide.chargeAtomic).toBe(wide.chargePicoUsd * 10n ** 6n)
        const excess = narrow.chargeAtomic * 10n ** 12n - wide.chargeAtomic
        expect(excess).toBeGreaterThanOrEqual(0n)
        expect(excess).toBeLessThan(10n ** 12n)
      },
    ),
    { numRuns: 300 },
  )
})
