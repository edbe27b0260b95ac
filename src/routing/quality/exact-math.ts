/**
 * exp and log from sums, products and quotients alone. Engines may compute Math.exp and Math.log each in its own way; these give
 * the same bits wherever numbers are IEEE 754 doubles, so a file trained by one engine is the file trained by another.
 */
const LN2 = 0.6931471805599453

/** Powers of two from 2^-64 to 2^64. */
const POWERS = Float64Array.from({ length: 129 }, (_, index) => {
  let power = 1
  for (let step = 64; step < index; step += 1) power *= 2
  for (let step = index; step < 64; step += 1) power /= 2
  return power
})

/** e^x within a relative 1e-9; x is held between -44 and 44, beyond which no chance differs from 0 or 1. */
export function exactExp(x: number): number {
  const held = x > 44 ? 44 : x < -44 ? -44 : x
  const twos = Math.floor(held / LN2 + 0.5)
  const rest = held - twos * LN2
  // The series of inverse factorials, written out: it is summed for every model of every decision.
  let sum = (1 / 40320) * rest + 1 / 5040
  sum = sum * rest + 1 / 720
  sum = sum * rest + 1 / 120
  sum = sum * rest + 1 / 24
  sum = sum * rest + 1 / 6
  sum = sum * rest + 1 / 2
  sum = sum * rest + 1
  sum = sum * rest + 1
  return sum * POWERS[twos + 64]!
}

/** Natural logarithm of a number above zero, within 1e-12. */
export function exactLog(x: number): number {
  let twos = 0
  let rest = x
  while (rest > 1.5) {
    rest /= 2
    twos += 1
  }
  while (rest < 0.75) {
    rest *= 2
    twos -= 1
  }
  // log(r) = 2 atanh((r - 1) / (r + 1)).
  const ratio = (rest - 1) / (rest + 1)
  const square = ratio * ratio
  let sum = 0
  for (let power = 19; power >= 1; power -= 2) sum = sum * square + 1 / power
  return twos * LN2 + 2 * ratio * sum
}

export const logOdds = (share: number): number => exactLog(share / (1 - share))

export const shareOfOdds = (odds: number): number => 1 / (1 + exactExp(-odds))
