import { exactExp } from '../../src/routing/quality/exact-math.ts'
import type { Dataset } from './dataset.ts'
import { hiddenOf } from './network.ts'
import type { Parts } from './train-parts.ts'

/** How many numbers say what the parts think of an outcome: regression, networks' mean, task. */
export const PART_COUNT = 3

/** Chances of each task by the networks, for one row. */
function taskChances({
  parts,
  hidden,
  out,
}: {
  parts: Parts
  hidden: readonly Float64Array[]
  out: Float64Array
}) {
  let most = -Infinity
  for (let t = 0; t < out.length; t += 1) {
    let score = 0
    parts.networks.forEach(({ width, taskVectors }, index) => {
      const mine = hidden[index]!
      for (let k = 0; k < width; k += 1) score += mine[k]! * taskVectors[t * width + k]!
    })
    out[t] = score / parts.networks.length
    if (out[t]! > most) most = out[t]!
  }
  let sum = 0
  for (let t = 0; t < out.length; t += 1) sum += out[t] = exactExp(out[t]! - most)
  for (let t = 0; t < out.length; t += 1) out[t] = out[t]! / sum
}

/**
 * What the parts say (log-odds) of the outcomes of some rows, written at the outcomes' places of `out`.
 *
 * @param out PART_COUNT numbers for each outcome of the data.
 */
export function scoreParts({
  data,
  parts,
  isScored,
  out,
}: {
  data: Dataset
  parts: Parts
  isScored: (row: number) => boolean
  out: Float32Array
}): void {
  const T = data.tasks.length
  const { sparse } = data
  const hidden = parts.networks.map(({ width }) => new Float64Array(width))
  const chances = new Float64Array(T)
  for (let row = 0; row < data.rows.length; row += 1) {
    if (!isScored(row)) continue
    parts.networks.forEach((network, index) => hiddenOf({ network, data, row, out: hidden[index]! }))
    taskChances({ parts, hidden, out: chances })
    for (let at = data.starts[row]!; at < data.starts[row + 1]!; at += 1) {
      const head = data.labelHeads[at]!
      const weights = parts.linear[head]!
      let linear = 0
      for (let i = sparse.starts[row]!; i < sparse.starts[row + 1]!; i += 1)
        linear += weights[sparse.columns[i]!]! * sparse.values[i]!
      let shared = 0
      parts.networks.forEach(({ width, vectors, intercepts }, index) => {
        const mine = hidden[index]!
        shared += intercepts[head]!
        for (let k = 0; k < width; k += 1) shared += mine[k]! * vectors[head * width + k]!
      })
      let effect = 0
      let share = 0
      for (let t = 0; t < T; t += 1) {
        if (parts.hasTask[head * T + t] === 0) continue
        effect += chances[t]! * parts.effects[head * T + t]!
        share += chances[t]!
      }
      out[at * PART_COUNT] = linear
      out[at * PART_COUNT + 1] = shared / parts.networks.length
      out[at * PART_COUNT + 2] = effect / Math.max(share, 1e-6)
    }
  }
}
