import { createRandom as createNumbers, type Random as Numbers } from '../../bench/random.ts'

export type Random = Numbers & {
  /** True in so many of a hundred cases. */
  readonly percent: (share: number) => boolean
  /** One of the keys, as often as its number says. */
  readonly weighted: <Key extends string>(weights: Readonly<Record<Key, number>>) => Key
  readonly bytes: (count: number) => Uint8Array
}

/** Everything that is left to chance in one history, from one seed. */
export function createRandom(seed: number): Random {
  const numbers = createNumbers(Math.imul(seed + 1, 0x9e37_79b1))
  return {
    ...numbers,
    percent: (share) => numbers.integer(1, 100) <= share,
    weighted: <Key extends string>(weights: Readonly<Record<Key, number>>) => {
      const keys = Object.keys(weights) as Key[]
      let left = numbers.integer(
        1,
        keys.reduce((sum, key) => sum + weights[key], 0),
      )
      return keys.find((key) => (left -= weights[key]) <= 0) as Key
    },
    bytes: (count) => Uint8Array.from({ length: count }, () => numbers.integer(0, 255)),
  }
}
