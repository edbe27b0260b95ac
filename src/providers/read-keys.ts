/** A provider's key, and how often it is taken beside the others. */
export type WeightedKey = { readonly key: string; readonly weight: number }

const WEIGHT = /^(.+)\*([1-9][0-9]{0,3})$/

/**
 * Reads the keys of one provider: separated by commas or lines, each with a weight where it has one.
 *
 * @example readKeys('sk-a*3, sk-b') // [{ key: 'sk-a', weight: 3 }, { key: 'sk-b', weight: 1 }]
 */
export function readKeys(text: string): readonly WeightedKey[] {
  return text
    .split(/[,\n]/)
    .map((one) => one.trim())
    .filter((one) => one !== '')
    .map((one) => {
      const [, key = one, weight = '1'] = WEIGHT.exec(one) ?? []
      return { key, weight: Number(weight) }
    })
}
