import {
  type Atomic,
  atomicToPicoUsd,
  divideUp,
  minBigint,
  type PicoUsd,
  picoUsdToAtomic,
} from '../lib/money.ts'

const BASIS_POINTS = 10_000n

/** Cost with the operator's margin on top, rounded up to a whole pico-USD. */
export function addMargin({ costPicoUsd, marginBps }: { costPicoUsd: PicoUsd; marginBps: number }): PicoUsd {
  return divideUp({ dividend: costPicoUsd * (BASIS_POINTS + BigInt(marginBps)), divisor: BASIS_POINTS })
}

/**
 * What the caller pays: cost and margin, plus the scheme's settlement fee, in atomic units of its token; rounded up once,
 * and never above the ceiling that was signed, nor above what budgets hold for it. What exceeds them is our loss.
 *
 * Charge = ceil(cost x (10,000 + marginBps) / 10,000) + settlement fee
 */
export function chargeOf({
  costPicoUsd,
  marginBps,
  earlierPicoUsd = 0n,
  feePicoUsd,
  decimals,
  ceilingAtomic,
  limitPicoUsd,
}: {
  costPicoUsd: PicoUsd
  marginBps: number
  /** What the call has come to at the endpoints before, their margins included. */
  earlierPicoUsd?: PicoUsd
  feePicoUsd: PicoUsd
  decimals: number
  ceilingAtomic: Atomic
  /** What the budgets of the call hold: a call that was made smaller for them may have signed for more. Absent: it has none. */
  limitPicoUsd?: PicoUsd
}): { chargeAtomic: Atomic; chargePicoUsd: PicoUsd } {
  const signedPicoUsd = atomicToPicoUsd({ amountAtomic: ceilingAtomic, decimals })
  const ceilingPicoUsd = limitPicoUsd === undefined ? signedPicoUsd : minBigint(signedPicoUsd, limitPicoUsd)
  const chargePicoUsd = minBigint(
    addMargin({ costPicoUsd, marginBps }) + feePicoUsd + earlierPicoUsd,
    ceilingPicoUsd,
  )
  const chargeAtomic = minBigint(picoUsdToAtomic({ amountPicoUsd: chargePicoUsd, decimals }), ceilingAtomic)
  return { chargeAtomic, chargePicoUsd }
}
