import { parseUsd, type PicoUsd } from '../../lib/money.ts'

/** An amount of USD as people write it; a string keeps every decimal. */
export type Usd = string | number

/**
 * @throws RangeError where the value is no non-negative decimal of at most 12 places.
 * @example usdToPico(0.25) // 250_000_000_000n
 */
export function usdToPico(amount: Usd): PicoUsd {
  const amountPicoUsd = parseUsd(typeof amount === 'number' ? amount.toFixed(12) : amount)
  if (amountPicoUsd === undefined) throw new RangeError(`"${amount}" is not an amount of USD.`)
  return amountPicoUsd
}
