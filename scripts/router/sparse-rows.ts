import { BUCKETS, type Features } from '../../src/routing/quality/read-features.ts'
import { standardized } from '../../src/routing/quality/read-prompt.ts'

/** Rows as columns and values: words' buckets, then shape numbers, then one column that is always 1. */
export type SparseRows = {
  readonly width: number
  /** Row r: from starts[r] to starts[r + 1]. */
  readonly starts: Int32Array
  readonly columns: Uint16Array
  readonly values: Float32Array
  /** Of each row, the sum of its squared values. */
  readonly squares: Float32Array
}

/** Means of the counted numbers over the prompts that have them, and one over their deviations. */
export type Scale = { readonly mean: Float64Array; readonly inverse: Float64Array }

export function scaleOf(features: readonly Features[]): Scale {
  const size = features[0]!.shape.length
  const mean = new Float64Array(size)
  const inverse = new Float64Array(size)
  const count = new Float64Array(size)
  const each = (visit: (j: number, value: number) => void) => {
    for (const { shape } of features)
      for (let j = 0; j < size; j += 1) if (!Number.isNaN(shape[j]!)) visit(j, shape[j]!)
  }
  each((j) => void (count[j] = count[j]! + 1))
  each((j, value) => void (mean[j] = mean[j]! + value / count[j]!))
  each((j, value) => void (inverse[j] = inverse[j]! + (value - mean[j]!) ** 2 / count[j]!))
  for (let j = 0; j < size; j += 1) inverse[j] = inverse[j]! > 1e-6 ? 1 / Math.sqrt(inverse[j]!) : 0
  return { mean, inverse }
}

/** @param counted how many of the counted numbers are read, the first ones; the columns of the others stay empty. */
export function sparseRowsOf({
  features,
  scale,
  counted = scale.mean.length,
}: {
  features: readonly Features[]
  scale: Scale
  counted?: number
}): SparseRows {
  const size = scale.mean.length
  const total = features.reduce((sum, { buckets }) => sum + buckets.length + size + 1, 0)
  const starts = new Int32Array(features.length + 1)
  const columns = new Uint16Array(total)
  const values = new Float32Array(total)
  const squares = new Float32Array(features.length)
  let at = 0
  const put = (column: number, value: number) => {
    if (value === 0) return
    columns[at] = column
    values[at] = value
    at += 1
  }
  features.forEach(({ buckets, weights, shape }, row) => {
    const from = at
    buckets.forEach((bucket, i) => put(bucket, weights[i]!))
    for (let j = 0; j < counted; j += 1)
      put(BUCKETS + j, standardized(shape[j]!, scale.mean[j]!, scale.inverse[j]!))
    put(BUCKETS + size, 1)
    let sum = 0
    for (let i = from; i < at; i += 1) sum += values[i]! ** 2
    squares[row] = sum
    starts[row + 1] = at
  })
  return {
    width: BUCKETS + size + 1,
    starts,
    columns: columns.slice(0, at),
    values: values.slice(0, at),
    squares,
  }
}
