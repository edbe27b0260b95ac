import type { Usage } from '../../../../src/chat/usage.ts'
import { FEE_PICO_USD, MARGIN_BPS } from '../setup.ts'

const up = (dividend: bigint, divisor: bigint) => (dividend + divisor - 1n) / divisor

/** What a call must cost, computed by its own rules: tokens times price, margin, fee, one rounding up, at most the ceiling. */
export function expectedCharge({
  usage,
  inputPicoUsd,
  scheme,
  ceilingAtomic,
  decimals,
}: {
  usage: Usage
  inputPicoUsd: bigint
  scheme: keyof typeof FEE_PICO_USD
  ceilingAtomic: bigint
  decimals: number
}): bigint {
  const cost = BigInt(usage.inputUncached) * inputPicoUsd + BigInt(usage.outputText) * inputPicoUsd * 3n
  const charge = up(cost * BigInt(10_000 + MARGIN_BPS), 10_000n) + FEE_PICO_USD[scheme]
  const atomic =
    decimals < 12 ? up(charge, 10n ** BigInt(12 - decimals)) : charge * 10n ** BigInt(decimals - 12)
  return atomic < ceilingAtomic ? atomic : ceilingAtomic
}
