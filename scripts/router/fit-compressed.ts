import type { Dataset } from './dataset.ts'
import type { LowRank } from './low-rank.ts'

/** What a head's compressed score has to be multiplied by and what is added, so that it says what the whole one says. */
export type Fit = { readonly factor: number; readonly constant: number }

/**
 * Least squares of every head's whole scores over its compressed ones, on its own rows. What compression drops would otherwise shift
 * heads against each other, and a router lives by what is between them.
 */
export function fitCompressed({
  data,
  weights,
  compressed: { rank, basis, vectors },
}: {
  data: Dataset
  weights: readonly Float64Array[]
  compressed: LowRank
}): readonly Fit[] {
  const { sparse } = data
  const sums = weights.map(() => ({ n: 0, x: 0, y: 0, xx: 0, xy: 0 }))
  const shared = new Float64Array(rank)
  for (let row = 0; row < data.rows.length; row += 1) {
    const [from, to] = [sparse.starts[row]!, sparse.starts[row + 1]!]
    shared.fill(0)
    for (let at = from; at < to; at += 1) {
      const base = sparse.columns[at]! * rank
      for (let k = 0; k < rank; k += 1) shared[k] = shared[k]! + sparse.values[at]! * basis[base + k]!
    }
    for (let label = data.starts[row]!; label < data.starts[row + 1]!; label += 1) {
      const head = data.labelHeads[label]!
      let x = 0
      for (let k = 0; k < rank; k += 1) x += shared[k]! * vectors[head * rank + k]!
      let y = 0
      for (let at = from; at < to; at += 1) y += weights[head]![sparse.columns[at]!]! * sparse.values[at]!
      const sum = sums[head]!
      sum.n += 1
      sum.x += x
      sum.y += y
      sum.xx += x * x
      sum.xy += x * y
    }
  }
  return sums.map(({ n, x, y, xx, xy }) => {
    if (n === 0) return { factor: 1, constant: 0 }
    const spread = xx - (x * x) / n
    const factor = spread > 1e-9 ? (xy - (x * y) / n) / spread : 1
    return { factor, constant: (y - factor * x) / n }
  })
}
