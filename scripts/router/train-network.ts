import { exactExp } from '../../src/routing/quality/exact-math.ts'
import { BUCKETS } from '../../src/routing/quality/read-features.ts'
import { LEAK } from '../../src/routing/quality/predictor.ts'
import type { Dataset } from './dataset.ts'
import { startNetwork, type Network } from './network.ts'
import { type Seeded, seeded } from './seeded.ts'

/** How the network is trained. */
export type NetworkOptions = {
  readonly width: number
  readonly epochs: number
  readonly rate: number
  /** Shares of columns and of hidden units that are left out at each step. */
  readonly inputDropout: number
  readonly hiddenDropout: number
  /** Weight of telling the task, beside telling the outcomes. */
  readonly taskWeight: number
  readonly decay: number
  /** How much more than what a row's models have in common it counts in what they differ: routing lives by differences. */
  readonly contrast: number
  readonly seed: number
}

/** Sums of squared gradients, one for each row of weights (Adagrad), and what one step writes and reads. */
type Pass = {
  readonly network: Network
  readonly data: Dataset
  readonly targets: Float32Array
  readonly options: NetworkOptions
  readonly random: Seeded
  readonly seen: { columns: Float64Array; heads: Float64Array; intercepts: Float64Array; tasks: Float64Array }
  readonly hidden: Float64Array
  readonly slope: Float64Array
  readonly pull: Float64Array
  readonly scores: Float64Array
  readonly errors: Float64Array
  readonly kept: Int32Array
  keptCount: number
  pace: number
}

const MAX_COLUMNS = 16_384

function startPass(given: Pick<Pass, 'network' | 'data' | 'targets' | 'options'>): Pass {
  const { data, options } = given
  const { width } = options
  return {
    ...given,
    random: seeded(options.seed ^ 0x5bd1e995),
    seen: {
      columns: new Float64Array(data.sparse.width).fill(1e-3).fill(1e-2, BUCKETS),
      heads: new Float64Array(data.heads.length).fill(1e-2),
      intercepts: new Float64Array(data.heads.length).fill(1e-1),
      tasks: new Float64Array(data.tasks.length).fill(1e-2),
    },
    hidden: new Float64Array(width),
    slope: new Float64Array(width),
    pull: new Float64Array(width),
    scores: new Float64Array(data.tasks.length),
    errors: new Float64Array(data.heads.length),
    kept: new Int32Array(MAX_COLUMNS),
    keptCount: 0,
    pace: 0,
  }
}

/** One hidden layer over words and shape numbers; every model and every task reads from it. One row a step, by Adagrad. */
export function trainNetwork({
  data,
  members,
  targets = data.labels,
  options,
}: {
  data: Dataset
  /** Rows to learn from. */
  members: Int32Array
  /** What to learn of each outcome: the outcome itself, or what is to be expected of it. */
  targets?: Float32Array
  options: NetworkOptions
}): Network {
  const network = startNetwork({ data, members, width: options.width, random: seeded(options.seed) })
  const pass = startPass({ data, network, targets, options })
  const steps = options.epochs * members.length
  let step = 0
  for (let epoch = 0; epoch < options.epochs; epoch += 1) {
    for (const place of pass.random.order(members.length)) {
      const row = members[place]!
      pass.pace = options.rate * (1.01 - step / steps)
      step += 1
      forward(pass, row)
      pass.pull.fill(0)
      learnOutcomes(pass, row)
      learnTask(pass, row)
      backward(pass)
    }
  }
  return network
}

function forward(pass: Pass, row: number): void {
  const { network, data, options, random, hidden, slope, kept } = pass
  const { width } = options
  const { starts, columns, values } = data.sparse
  const grow = 1 / (1 - options.inputDropout)
  hidden.fill(0)
  let count = 0
  for (let at = starts[row]!; at < starts[row + 1]!; at += 1) {
    const column = columns[at]!
    const isWord = column < BUCKETS
    if (isWord && random.next() < options.inputDropout) continue
    kept[count] = at
    count += 1
    const value = isWord ? values[at]! * grow : values[at]!
    const base = column * width
    for (let k = 0; k < width; k += 1) hidden[k] = hidden[k]! + value * network.projection[base + k]!
  }
  pass.keptCount = count
  const live = 1 / (1 - options.hiddenDropout)
  for (let k = 0; k < width; k += 1) {
    const open = random.next() < options.hiddenDropout ? 0 : live
    slope[k] = hidden[k]! > 0 ? open : open * LEAK
    hidden[k] = hidden[k]! * slope[k]!
  }
}

function learnOutcomes(pass: Pass, row: number): void {
  const { network, data, options, seen, hidden, pull, pace } = pass
  const { width, decay } = options
  const { vectors, intercepts } = network
  const from = data.starts[row]!
  const to = data.starts[row + 1]!
  const { errors } = pass
  const common = measureErrors(pass, from, to)
  const share = 1 / Math.sqrt(Math.max(1, to - from))
  let square = 0
  for (let k = 0; k < width; k += 1) square += hidden[k]! * hidden[k]!
  for (let at = from; at < to; at += 1) {
    const head = data.labelHeads[at]!
    const base = head * width
    const error = errors[head]! + options.contrast * (errors[head]! - common)
    seen.heads[head] = seen.heads[head]! + (error * error * square) / width
    seen.intercepts[head] = seen.intercepts[head]! + error * error
    const move = (pace * error) / Math.sqrt(seen.heads[head])
    for (let k = 0; k < width; k += 1) {
      const index = base + k
      const weight = vectors[index]!
      pull[k] = pull[k]! + error * share * weight
      vectors[index] = weight - move * hidden[k]! - pace * decay * weight
    }
    intercepts[head] = intercepts[head]! - (0.3 * pace * error) / Math.sqrt(seen.intercepts[head])
  }
}

/** What was predicted too much of each outcome of a row, kept by head; returned is their mean. */
function measureErrors(
  { network, data, targets, options, hidden, errors }: Pass,
  from: number,
  to: number,
): number {
  const { width } = options
  const { vectors, intercepts } = network
  let sum = 0
  for (let at = from; at < to; at += 1) {
    const head = data.labelHeads[at]!
    const base = head * width
    let odds = intercepts[head]!
    for (let k = 0; k < width; k += 1) odds += hidden[k]! * vectors[base + k]!
    const error = 1 / (1 + exactExp(-odds)) - targets[at]!
    errors[head] = error
    sum += error
  }
  return sum / Math.max(1, to - from)
}

function learnTask(pass: Pass, row: number): void {
  const { network, data, options, seen, hidden, pull, scores, pace } = pass
  const { width, taskWeight } = options
  const { taskVectors } = network
  const task = data.taskOf[row]!
  if (task < 0 || taskWeight === 0) return
  let most = -Infinity
  for (let t = 0; t < scores.length; t += 1) {
    let score = 0
    for (let k = 0; k < width; k += 1) score += hidden[k]! * taskVectors[t * width + k]!
    scores[t] = score
    if (score > most) most = score
  }
  let sum = 0
  for (let t = 0; t < scores.length; t += 1) sum += scores[t] = exactExp(scores[t]! - most)
  let square = 0
  for (let k = 0; k < width; k += 1) square += hidden[k]! * hidden[k]!
  for (let t = 0; t < scores.length; t += 1) {
    const error = scores[t]! / sum - (t === task ? 1 : 0)
    if (error < 1e-3 && error > -1e-3) continue
    seen.tasks[t] = seen.tasks[t]! + (error * error * square) / width
    const move = (pace * error) / Math.sqrt(seen.tasks[t]!)
    for (let k = 0; k < width; k += 1) {
      const index = t * width + k
      pull[k] = pull[k]! + taskWeight * error * taskVectors[index]!
      taskVectors[index] = taskVectors[index]! - move * hidden[k]!
    }
  }
}

function backward({ network, data, options, seen, slope, pull, kept, keptCount, pace }: Pass): void {
  const { width } = options
  const { columns, values } = data.sparse
  const grow = 1 / (1 - options.inputDropout)
  let square = 0
  for (let k = 0; k < width; k += 1) {
    pull[k] = pull[k]! * slope[k]!
    square += pull[k]! * pull[k]!
  }
  square /= width
  for (let index = 0; index < keptCount; index += 1) {
    const at = kept[index]!
    const column = columns[at]!
    const value = column < BUCKETS ? values[at]! * grow : values[at]!
    seen.columns[column] = seen.columns[column]! + value * value * square
    const move = (pace * value) / Math.sqrt(seen.columns[column])
    const base = column * width
    for (let k = 0; k < width; k += 1) {
      network.projection[base + k] = network.projection[base + k]! - move * pull[k]!
    }
  }
}
