/** Columns of weights (one for each head) as `vectors` times a shared `basis` of few directions. */
export type LowRank = {
  readonly rank: number
  /** Row c: what column c of the input gives to each direction. */
  readonly basis: Float32Array
  /** Row h: how much of each direction head h takes. */
  readonly vectors: Float32Array
}

/**
 * The best approximation of rank `rank` to the heads' weights, each taken at the length of its importance so that a head with few
 * rows (and short weights) is kept as well as the others. Eigenvectors of the heads' Gram matrix, by Jacobi's rotations.
 */
export function lowRank({
  weights,
  importance,
  rank,
}: {
  weights: readonly Float64Array[]
  importance: readonly number[]
  rank: number
}): LowRank {
  const n = weights.length
  const width = weights[0]!.length
  const lengths = weights.map(
    (row, head) => Math.sqrt(dot(row, row)) / Math.max(1e-3, importance[head]!) || 1,
  )
  const gram = weights.map((a, i) =>
    Float64Array.from(weights, (b, j) => dot(a, b) / (lengths[i]! * lengths[j]!)),
  )
  const { values, vectors } = eigen(gram)
  const order = [...values.keys()].toSorted((a, b) => values[b]! - values[a]!).slice(0, Math.min(rank, n))
  const basis = new Float32Array(width * rank)
  const heads = new Float32Array(n * rank)
  order.forEach((at, k) => {
    const direction = vectors.map((row) => row[at]!)
    direction.forEach((share, head) => {
      heads[head * rank + k] = share * lengths[head]!
      const row = weights[head]!
      const scale = share / lengths[head]!
      for (let c = 0; c < width; c += 1) basis[c * rank + k] = basis[c * rank + k]! + scale * row[c]!
    })
  })
  return { rank, basis, vectors: heads }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let at = 0; at < a.length; at += 1) sum += a[at]! * b[at]!
  return sum
}

/** Of a symmetric matrix; column k of `vectors` belongs to `values[k]`. The matrix is used up. */
function eigen(matrix: Float64Array[]): { values: Float64Array; vectors: Float64Array[] } {
  const n = matrix.length
  const vectors = matrix.map((_, i) => Float64Array.from({ length: n }, (__, j) => (i === j ? 1 : 0)))
  for (let sweep = 0; sweep < 12; sweep += 1) {
    for (let p = 0; p < n - 1; p += 1) for (let q = p + 1; q < n; q += 1) rotate(matrix, vectors, p, q)
  }
  return { values: Float64Array.from(matrix, (row, i) => row[i]!), vectors }
}

function rotate(matrix: Float64Array[], vectors: Float64Array[], p: number, q: number): void {
  const off = matrix[p]![q]!
  if (off < 1e-12 && off > -1e-12) return
  const tilt = (matrix[q]![q]! - matrix[p]![p]!) / (2 * off)
  const tangent = (tilt >= 0 ? 1 : -1) / ((tilt >= 0 ? tilt : -tilt) + Math.sqrt(tilt * tilt + 1))
  const cosine = 1 / Math.sqrt(tangent * tangent + 1)
  const sine = tangent * cosine
  for (const row of matrix) turn(row, p, q, cosine, sine)
  const [first, second] = [matrix[p]!, matrix[q]!]
  for (let at = 0; at < first.length; at += 1) {
    const [a, b] = [first[at]!, second[at]!]
    first[at] = cosine * a - sine * b
    second[at] = sine * a + cosine * b
  }
  for (const row of vectors) turn(row, p, q, cosine, sine)
}

function turn(row: Float64Array, p: number, q: number, cosine: number, sine: number): void {
  const [a, b] = [row[p]!, row[q]!]
  row[p] = cosine * a - sine * b
  row[q] = sine * a + cosine * b
}
