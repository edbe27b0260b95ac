/** A small generator with a seed (mulberry32): training is the same, bit for bit, every time. */
export type Seeded = {
  /** From 0 (included) to 1 (excluded). */
  readonly next: () => number
  /** Close to a normal distribution of mean 0 and variance 1: the sum of twelve draws, less six. */
  readonly normal: () => number
  /** A new order of 0 to n - 1. */
  readonly order: (n: number) => Int32Array
}

export function seeded(seed: number): Seeded {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const normal = () => {
    let sum = -6
    for (let draw = 0; draw < 12; draw += 1) sum += next()
    return sum
  }
  const order = (n: number) => {
    const places = Int32Array.from({ length: n }, (_, index) => index)
    for (let index = n - 1; index > 0; index -= 1) {
      const other = Math.floor(next() * (index + 1))
      const kept = places[index] ?? 0
      places[index] = places[other] ?? 0
      places[other] = kept
    }
    return places
  }
  return { next, normal, order }
}
