import { exactExp } from '../../src/routing/quality/exact-math.ts'
import type { SparseRows } from './sparse-rows.ts'
import { seeded } from './seeded.ts'

/**
 * Logistic regression with an L2 penalty, for labels from 0 to 1: minimises |w|^2 / 2 + C * sum of losses by coordinate ascent on
 * its dual (the weights are the sum of rows, each times C * (label - chance) at the optimum), so there is no pace to choose.
 *
 * @returns a weight for every column.
 */
export function trainLinear({
  rows,
  members,
  labels,
  penalty,
  epochs,
  seed,
}: {
  rows: SparseRows
  /** Rows that have a label, and the labels in the same order. */
  members: Int32Array
  labels: Float32Array
  /** C: how much one row counts against the penalty. */
  penalty: number
  epochs: number
  seed: number
}): Float64Array {
  const { starts, columns, values, squares, width } = rows
  const weights = new Float64Array(width)
  const duals = new Float64Array(members.length)
  const random = seeded(seed)
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    for (const place of random.order(members.length)) {
      const row = members[place]!
      const from = starts[row]!
      const to = starts[row + 1]!
      let sum = 0
      for (let at = from; at < to; at += 1) sum += weights[columns[at]!]! * values[at]!
      const chance = 1 / (1 + exactExp(-sum))
      const wanted = penalty * (labels[place]! - chance)
      const step = (wanted - duals[place]!) / (1 + penalty * squares[row]! * 0.25)
      duals[place] = duals[place]! + step
      for (let at = from; at < to; at += 1) {
        const column = columns[at]!
        weights[column] = weights[column]! + step * values[at]!
      }
    }
  }
  return weights
}
