/**
 * The two units of money. Prices and costs are pico-USD (1e-12 USD); what moves on a chain is atomic units of a
 * token. They meet in one place, {@link picoUsdToAtomic}, which rounds up once per call.
 */

/** 1e-12 USD. A price of `$2.50` per million tokens is 2,500,000 PicoUsd per token. */
export type PicoUsd = bigint

/** The smallest unit of one token, e.g. 1e-6 USDC. The token is always named beside it. */
export type Atomic = bigint

export const PICO_USD_PER_USD = 1_000_000_000_000n

const DECIMAL_USD = /^(0|[1-9][0-9]{0,17})(?:\.([0-9]{1,12}))?$/
const ATOMIC = /^(0|[1-9][0-9]{0,38})$/
const MAX_UINT128 = (1n << 128n) - 1n

/**
 * Reads an amount of atomic units from the wire.
 *
 * Accepts only canonical decimals: `""`, `" 5 "`, `"0x10"`, `"-1"`, `"1e30"` and `"007"` are refused, all of which
 * `BigInt` or `Number` would take in one way or another.
 *
 * @returns the amount, or undefined where the text is not a canonical integer of at most 128 bits.
 * @example parseAtomic('10000') // 10000n
 */
export function parseAtomic(text: unknown): Atomic | undefined {
  if (typeof text !== 'string' || !ATOMIC.test(text)) return undefined
  const value = BigInt(text)
  return value <= MAX_UINT128 ? value : undefined
}

/**
 * Reads a decimal USD amount of at most 12 decimals.
 *
 * @example parseUsd('0.000150') // 150_000_000n
 */
export function parseUsd(text: string): PicoUsd | undefined {
  const match = DECIMAL_USD.exec(text)
  if (!match) return undefined
  const [, whole = '0', fraction = ''] = match
  return BigInt(whole) * PICO_USD_PER_USD + BigInt(fraction.padEnd(12, '0'))
}

/**
 * Writes pico-USD as a decimal USD string without trailing zeros.
 *
 * @example formatUsd(150_000_000n) // '0.00015'
 */
export function formatUsd(amountPicoUsd: PicoUsd): string {
  const sign = amountPicoUsd < 0n ? '-' : ''
  const absolute = amountPicoUsd < 0n ? -amountPicoUsd : amountPicoUsd
  const fraction = (absolute % PICO_USD_PER_USD).toString().padStart(12, '0').replace(/0+$/, '')
  return `${sign}${absolute / PICO_USD_PER_USD}${fraction ? `.${fraction}` : ''}`
}

/**
 * Turns pico-USD into atomic units of a token that is worth one USD, rounding up: the only rounding of a call.
 *
 * @param decimals the token's decimals: 6 for USDC and USDT, 18 for BSC's; at least 0.
 * @example picoUsdToAtomic({ amountPicoUsd: 1n, decimals: 6 }) // 1n
 */
export function picoUsdToAtomic({
  amountPicoUsd,
  decimals,
}: {
  amountPicoUsd: PicoUsd
  decimals: number
}): Atomic {
  if (decimals >= 12) return amountPicoUsd * 10n ** BigInt(decimals - 12)
  const picoUsdPerAtomic = 10n ** BigInt(12 - decimals)
  return divideUp({ dividend: amountPicoUsd, divisor: picoUsdPerAtomic })
}

/** The value of atomic units of a one-USD token, exact down to a pico-USD (rounded down below that). */
export function atomicToPicoUsd({
  amountAtomic,
  decimals,
}: {
  amountAtomic: Atomic
  decimals: number
}): PicoUsd {
  if (decimals >= 12) return amountAtomic / 10n ** BigInt(decimals - 12)
  return amountAtomic * 10n ** BigInt(12 - decimals)
}

/** Division of non-negative integers, rounded up. */
export function divideUp({ dividend, divisor }: { dividend: bigint; divisor: bigint }): bigint {
  return (dividend + divisor - 1n) / divisor
}

export const minBigint = (a: bigint, b: bigint) => (a < b ? a : b)
export const maxBigint = (a: bigint, b: bigint) => (a > b ? a : b)
