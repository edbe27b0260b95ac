import { expect, test } from 'vitest'
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
