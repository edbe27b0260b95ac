import { BUCKETS } from '../../src/routing/quality/read-features.ts'
import type { Dataset } from './dataset.ts'
import { seeded } from './seeded.ts'

/** How the network is trained. */
export type NetworkOptions = {
  readonly width: number
  readonly epochs: number
  readonly rate: number
  /** Share of buckets left out at each step. */
  readonly bucketDropout: number
  readonly hiddenDropout: number
  /** Weight of telling the task, beside telling the outcomes. */
  readonly taskWeight: number
  readonly decay: number
  /** How fast the words' weights shrink, a step. */
  readonly shrink: number
  readonly seed: number
}

/** Real-valued weights. Rows of `projection` are buckets; rows of `vectors` are heads. */
export type Network = {
  readonly width: number
  readonly shapeMean: Float32Array
  readonly shapeScale: Float32Array
  readonly projection: Float32Array
  readonly shapeWeights: Float32Array
  readonly bias: Float32Array
  readonly vectors: Float32Array
  readonly intercepts: Float32Array
  readonly taskVectors: Float32Array
  readonly taskIntercepts: Float32Array
}

/** Slope below zero: units that are shut would learn nothing more. */
export const LEAK = 0.2

/** One hidden layer over hashed words and shape numbers; every model and every task reads from it (Adagrad, one row a step). */
export function trainNetwork({
  data,
  members,
  options,
  onEpoch,
}: {
  data: Dataset
  /** Rows to learn from. */
  members: Int32Array
  options: NetworkOptions
  onEpoch?: (epoch: number, loss: number) => void
}): Network {
  const { width: K, epochs, rate, bucketDropout, hiddenDropout, taskWeight, decay, shrink } = options
  const random = seeded(options.seed)
  const H = data.heads.length
  const T = data.tasks.length
  const { shapeMean, shapeScale } = standardise(data, members)
  const S = shapeMean.length
  const fill = (n: number, size: number) => Float32Array.from({ length: n }, () => size * random.normal())
  const projection = fill(BUCKETS * K, 0.1)
  const shapeWeights = fill(S * K, 0.05)
  const bias = new Float32Array(K)
  const vectors = fill(H * K, 0.1)
  const intercepts = startIntercepts(data, members)
  const taskVectors = fill(T * K, 0.1)
  const taskIntercepts = new Float32Array(T)
  const seen = {
    projection: new Float32Array(BUCKETS).fill(1e-3),
    shape: new Float32Array(S).fill(1e-2),
    bias: 1e-2,
    vectors: new Float32Array(H).fill(1e-2),
    intercepts: new Float32Array(H).fill(1e-1),
    tasks: new Float32Array(T).fill(1e-2),
    taskIntercepts: new Float32Array(T).fill(1e-1),
  }
  const hidden = new Float64Array(K)
  const slope = new Float64Array(K)
  const pull = new Float64Array(K)
  const scores = new Float64Array(T)
  const shape = new Float64Array(S)
  const kept = new Int32Array(20_000)
  const steps = epochs * members.length
  const last = new Int32Array(BUCKETS)
  let step = 0
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    const order = random.order(members.length)
    let loss = 0
    let count = 0
    for (const place of order) {
      const row = members[place]!
      const pace = rate * (1 - step / steps) + rate * 0.01
      step += 1
      const { buckets, weights, shape: raw } = data.features[row]!
      // Forward.
      hidden.set(bias)
      let keptCount = 0
      const grow = 1 / (1 - bucketDropout)
      for (let i = 0; i < buckets.length; i += 1) {
        if (random.next() < bucketDropout) continue
        kept[keptCount++] = i
        const base = buckets[i]! * K
        const weight = weights[i]! * grow
        if (shrink > 0) {
          const shrunk = Math.exp(-shrink * (step - last[buckets[i]!]!))
          last[buckets[i]!] = step
          for (let k = 0; k < K; k += 1) projection[base + k] = projection[base + k]! * shrunk
        }
        for (let k = 0; k < K; k += 1) hidden[k] = hidden[k]! + weight * projection[base + k]!
      }
      for (let j = 0; j < S; j += 1) {
        const value = Math.max(-4, Math.min(4, (raw[j]! - shapeMean[j]!) * shapeScale[j]!))
        shape[j] = value
        if (value === 0) continue
        const base = j * K
        for (let k = 0; k < K; k += 1) hidden[k] = hidden[k]! + value * shapeWeights[base + k]!
      }
      const live = 1 / (1 - hiddenDropout)
      for (let k = 0; k < K; k += 1) {
        const open = hiddenDropout > 0 && random.next() < hiddenDropout ? 0 : live
        slope[k] = hidden[k]! > 0 ? open : open * LEAK
        hidden[k] = hidden[k]! * slope[k]!
      }
      // Outcomes.
      pull.fill(0)
      const from = data.starts[row]!
      const to = data.starts[row + 1]!
      const share = 1 / Math.sqrt(to - from)
      for (let at = from; at < to; at += 1) {
        const head = data.labelHeads[at]!
        const base = head * K
        let logit = intercepts[head]!
        for (let k = 0; k < K; k += 1) logit += hidden[k]! * vectors[base + k]!
        const chance = 1 / (1 + Math.exp(-logit))
        const label = data.labels[at]!
        const error = chance - label
        loss -= label * Math.log(chance + 1e-9) + (1 - label) * Math.log(1 - chance + 1e-9)
        count += 1
        const gain = error * share
        let square = 0
        for (let k = 0; k < K; k += 1) {
          pull[k] = pull[k]! + gain * vectors[base + k]!
          square += hidden[k]! * hidden[k]!
        }
        seen.vectors[head] = seen.vectors[head]! + (error * error * square) / K
        const move = (pace * error) / Math.sqrt(seen.vectors[head]!)
        for (let k = 0; k < K; k += 1) {
          const index = base + k
          vectors[index] = vectors[index]! - move * hidden[k]! - pace * decay * vectors[index]!
        }
        seen.intercepts[head] = seen.intercepts[head]! + error * error
        intercepts[head] = intercepts[head]! - (0.3 * pace * error) / Math.sqrt(seen.intercepts[head]!)
      }
      // The task.
      const task = data.taskOf[row]!
      if (taskWeight > 0 && task >= 0) {
        let most = -Infinity
        for (let t = 0; t < T; t += 1) {
          const base = t * K
          let score = taskIntercepts[t]!
          for (let k = 0; k < K; k += 1) score += hidden[k]! * taskVectors[base + k]!
          scores[t] = score
          if (score > most) most = score
        }
        let sum = 0
        for (let t = 0; t < T; t += 1) {
          scores[t] = Math.exp(scores[t]! - most)
          sum += scores[t]!
        }
        let square = 0
        for (let k = 0; k < K; k += 1) square += hidden[k]! * hidden[k]!
        for (let t = 0; t < T; t += 1) {
          const error = scores[t]! / sum - (t === task ? 1 : 0)
          if (error < 1e-3 && error > -1e-3) continue
          const base = t * K
          const gain = taskWeight * error
          seen.tasks[t] = seen.tasks[t]! + (error * error * square) / K
          const move = (pace * error) / Math.sqrt(seen.tasks[t]!)
          for (let k = 0; k < K; k += 1) {
            pull[k] = pull[k]! + gain * taskVectors[base + k]!
            taskVectors[base + k] = taskVectors[base + k]! - move * hidden[k]!
          }
          seen.taskIntercepts[t] = seen.taskIntercepts[t]! + error * error
          taskIntercepts[t] = taskIntercepts[t]! - (0.3 * pace * error) / Math.sqrt(seen.taskIntercepts[t]!)
        }
      }
      // Back into words and shape.
      let square = 0
      for (let k = 0; k < K; k += 1) {
        pull[k] = pull[k]! * slope[k]!
        square += pull[k]! * pull[k]!
      }
      square /= K
      for (let n = 0; n < keptCount; n += 1) {
        const i = kept[n]!
        const bucket = buckets[i]!
        const weight = weights[i]! * grow
        seen.projection[bucket] = seen.projection[bucket]! + weight * weight * square
        const move = (pace * weight) / Math.sqrt(seen.projection[bucket]!)
        const base = bucket * K
        for (let k = 0; k < K; k += 1) projection[base + k] = projection[base + k]! - move * pull[k]!
      }
      for (let j = 0; j < S; j += 1) {
        const value = shape[j]!
        if (value === 0) continue
        seen.shape[j] = seen.shape[j]! + value * value * square
        const move = (0.3 * pace * value) / Math.sqrt(seen.shape[j]!)
        const base = j * K
        for (let k = 0; k < K; k += 1) shapeWeights[base + k] = shapeWeights[base + k]! - move * pull[k]!
      }
      seen.bias += square
      const move = (0.3 * pace) / Math.sqrt(seen.bias)
      for (let k = 0; k < K; k += 1) bias[k] = bias[k]! - move * pull[k]!
    }
    onEpoch?.(epoch, loss / Math.max(1, count))
  }
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    const shrunk = Math.exp(-shrink * (steps - last[bucket]!))
    for (let k = 0; k < K; k += 1) projection[bucket * K + k] = projection[bucket * K + k]! * shrunk
  }
  return {
    width: K,
    shapeMean,
    shapeScale,
    projection,
    shapeWeights,
    bias,
    vectors,
    intercepts,
    taskVectors,
    taskIntercepts,
  }
}

function standardise(data: Dataset, members: Int32Array) {
  const size = data.features[0]!.shape.length
  const sum = new Float64Array(size)
  const squares = new Float64Array(size)
  for (const row of members) {
    const { shape } = data.features[row]!
    for (let j = 0; j < size; j += 1) {
      sum[j] = sum[j]! + shape[j]!
      squares[j] = squares[j]! + shape[j]! * shape[j]!
    }
  }
  const n = Math.max(1, members.length)
  const shapeMean = Float32Array.from(sum, (total) => total / n)
  const shapeScale = Float32Array.from(squares, (total, j) => {
    const variance = total / n - shapeMean[j]! ** 2
    return variance > 1e-6 ? 1 / Math.sqrt(variance) : 0
  })
  return { shapeMean, shapeScale }
}

function startIntercepts(data: Dataset, members: Int32Array): Float32Array {
  const right = new Float64Array(data.heads.length)
  const asked = new Float64Array(data.heads.length)
  for (const row of members) {
    for (let at = data.starts[row]!; at < data.starts[row + 1]!; at += 1) {
      const head = data.labelHeads[at]!
      right[head] = right[head]! + data.labels[at]!
      asked[head] = asked[head]! + 1
    }
  }
  return Float32Array.from(right, (sum, head) => Math.log((sum + 1) / (asked[head]! - sum + 1)))
}

/** The hidden layer of one prompt. */
export function hiddenOf({
  network,
  features,
  out,
}: {
  network: Network
  features: Dataset['features'][number]
  out: Float64Array
}): Float64Array {
  const { width: K, projection, shapeWeights, bias, shapeMean, shapeScale } = network
  out.set(bias)
  const { buckets, weights, shape } = features
  for (let i = 0; i < buckets.length; i += 1) {
    const base = buckets[i]! * K
    const weight = weights[i]!
    for (let k = 0; k < K; k += 1) out[k] = out[k]! + weight * projection[base + k]!
  }
  for (let j = 0; j < shape.length; j += 1) {
    const value = Math.max(-4, Math.min(4, (shape[j]! - shapeMean[j]!) * shapeScale[j]!))
    if (value === 0) continue
    const base = j * K
    for (let k = 0; k < K; k += 1) out[k] = out[k]! + value * shapeWeights[base + k]!
  }
  for (let k = 0; k < K; k += 1) if (out[k]! < 0) out[k] = out[k]! * LEAK
  return out
}
