import { LEAK } from '../../src/routing/quality/predictor.ts'
import { logOdds } from '../../src/routing/quality/exact-math.ts'
import { BUCKETS } from '../../src/routing/quality/read-features.ts'
import type { Dataset } from './dataset.ts'
import type { Seeded } from './seeded.ts'

/** Real-valued weights: rows of `projection` are columns of the sparse rows, rows of `vectors` heads. */
export type Network = {
  readonly width: number
  readonly projection: Float32Array
  readonly vectors: Float32Array
  readonly intercepts: Float32Array
  readonly taskVectors: Float32Array
}

export function startNetwork({
  data,
  members,
  width,
  random,
}: {
  data: Dataset
  members: Int32Array
  width: number
  random: Seeded
}): Network {
  const fill = (size: number, scale: number) =>
    Float32Array.from({ length: size }, () => scale * random.normal())
  const projection = fill(data.sparse.width * width, 0.1)
  // Shape numbers start smaller (they are dense), and what is always 1 starts from nothing.
  for (let at = BUCKETS * width; at < projection.length; at += 1) projection[at] = projection[at]! * 2
  projection.fill(0, (data.sparse.width - 1) * width)
  return {
    width,
    projection,
    vectors: fill(data.heads.length * width, 0.1),
    intercepts: meanOdds(data, members),
    taskVectors: fill(data.tasks.length * width, 0.1),
  }
}

/** The log-odds of each head's mean quality over the members. */
export function meanOdds(data: Dataset, members: Int32Array): Float32Array {
  const right = new Float64Array(data.heads.length)
  const asked = new Float64Array(data.heads.length)
  for (const row of members) {
    for (let at = data.starts[row]!; at < data.starts[row + 1]!; at += 1) {
      const head = data.labelHeads[at]!
      right[head] = right[head]! + data.labels[at]!
      asked[head] = asked[head]! + 1
    }
  }
  return Float32Array.from(right, (sum, head) => logOdds((sum + 1) / (asked[head]! + 2)))
}

/** The hidden layer of one row, written into `out`. */
export function hiddenOf({
  network: { width, projection },
  data,
  row,
  out,
}: {
  network: Network
  data: Dataset
  row: number
  out: Float64Array
}): Float64Array {
  const { starts, columns, values } = data.sparse
  out.fill(0)
  for (let at = starts[row]!; at < starts[row + 1]!; at += 1) {
    const base = columns[at]! * width
    const value = values[at]!
    for (let k = 0; k < width; k += 1) out[k] = out[k]! + value * projection[base + k]!
  }
  for (let k = 0; k < width; k += 1) if (out[k]! < 0) out[k] = out[k]! * LEAK
  return out
}
