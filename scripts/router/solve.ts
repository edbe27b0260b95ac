/** Gauss's elimination with the largest pivot. Both arguments are used up. */
export function solve(matrix: Float64Array[], right: number[]): number[] {
  const n = right.length
  for (let p = 0; p < n; p += 1) {
    let best = p
    for (let i = p + 1; i < n; i += 1) if (matrix[i]![p]! ** 2 > matrix[best]![p]! ** 2) best = i
    ;[matrix[p], matrix[best]] = [matrix[best]!, matrix[p]!]
    ;[right[p], right[best]] = [right[best]!, right[p]!]
    for (let i = p + 1; i < n; i += 1) {
      const factor = matrix[i]![p]! / matrix[p]![p]!
      for (let j = p; j < n; j += 1) matrix[i]![j] = matrix[i]![j]! - factor * matrix[p]![j]!
      right[i] = right[i]! - factor * right[p]!
    }
  }
  const out = Array.from({ length: n }, () => 0)
  for (let i = n - 1; i >= 0; i -= 1) {
    let sum = right[i]!
    for (let j = i + 1; j < n; j += 1) sum -= matrix[i]![j]! * out[j]!
    out[i] = sum / matrix[i]![i]!
  }
  return out
}
