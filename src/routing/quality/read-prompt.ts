import { exactExp } from './exact-math.ts'
import { gateOf } from './gate.ts'
import { LEAK, type Predictor } from './predictor.ts'
import { BUCKETS, type Features } from './read-features.ts'

/** What the predictor makes of one prompt, for all models at once. */
export type PromptReading = {
  readonly hidden: Float64Array
  /** Chance of each task, and their sums by source and by domain. */
  readonly taskChances: Float64Array
  readonly sourceChances: Float64Array
  readonly domainChances: Float64Array
  /** From 0 (unlike anything in training) to 1. */
  readonly gate: number
}

/** A shape number counts so much beside a word, and never more than four deviations. */
export const SHAPE_WEIGHT = 0.15
export const standardized = (value: number, mean: number, inverse: number): number =>
  Number.isNaN(value) ? 0 : SHAPE_WEIGHT * Math.max(-4, Math.min(4, (value - mean) * inverse))

/** Reads features once; every model's estimate is a few sums from here. */
export function readPrompt({
  predictor,
  features,
}: {
  predictor: Predictor
  features: Features
}): PromptReading {
  const hidden = hiddenOf(predictor, features)
  const taskChances = chancesOf(predictor, hidden)
  const sourceChances = Float64Array.from(predictor.sources, ({ from, to }) => {
    let sum = 0
    for (let t = from; t < to; t += 1) sum += taskChances[t]!
    return sum
  })
  const domainChances = new Float64Array(predictor.domains.length)
  predictor.tasks.forEach(({ domain }, t) => {
    domainChances[domain] = domainChances[domain]! + taskChances[t]!
  })
  const gate = gateOf({ predictor, features, hidden })
  return { hidden, taskChances, sourceChances, domainChances, gate }
}

function hiddenOf(predictor: Predictor, { buckets, weights, shape }: Features): Float64Array {
  const { width, linearWidth, projection, scales, shapeRows, shapeMean, shapeInverse, shapeCount } = predictor
  const hidden = new Float64Array(width)
  const rowOf = (i: number) => (buckets[i]! & (BUCKETS - 1)) * width
  // Four rows at a time: most of the time goes into reading and writing the sums.
  let i = 0
  for (; i + 3 < buckets.length; i += 4) {
    const [row0, row1, row2, row3] = [rowOf(i), rowOf(i + 1), rowOf(i + 2), rowOf(i + 3)]
    const [weight0, weight1, weight2, weight3] = [
      weights[i]!,
      weights[i + 1]!,
      weights[i + 2]!,
      weights[i + 3]!,
    ]
    for (let k = 0; k < width; k += 1) {
      hidden[k] =
        hidden[k]! +
        (weight0 * projection[row0 + k]! +
          weight1 * projection[row1 + k]! +
          weight2 * projection[row2 + k]! +
          weight3 * projection[row3 + k]!)
    }
  }
  for (; i < buckets.length; i += 1) {
    const row = rowOf(i)
    const weight = weights[i]!
    for (let k = 0; k < width; k += 1) hidden[k] = hidden[k]! + weight * projection[row + k]!
  }
  for (let k = 0; k < width; k += 1) hidden[k] = hidden[k]! * scales[k]!
  for (let j = 0; j <= shapeCount; j += 1) {
    const value = j === shapeCount ? 1 : standardized(shape[j]!, shapeMean[j]!, shapeInverse[j]!)
    if (value === 0) continue
    const base = j * width
    for (let k = 0; k < width; k += 1) hidden[k] = hidden[k]! + value * shapeRows[base + k]!
  }
  for (let k = linearWidth; k < width; k += 1) if (hidden[k]! < 0) hidden[k] = hidden[k]! * LEAK
  return hidden
}

function chancesOf(
  { width, linearWidth, tasks, taskVectors }: Predictor,
  hidden: Float64Array,
): Float64Array {
  const chances = new Float64Array(tasks.length)
  let most = -Infinity
  for (let t = 0; t < chances.length; t += 1) {
    let score = 0
    for (let k = linearWidth; k < width; k += 1) score += hidden[k]! * taskVectors[t * width + k]!
    chances[t] = score
    if (score > most) most = score
  }
  let sum = 0
  for (let t = 0; t < chances.length; t += 1) sum += chances[t] = exactExp(chances[t]! - most)
  for (let t = 0; t < chances.length; t += 1) chances[t] = chances[t]! / sum
  return chances
}

/** Log-odds of one head's quality, and the part of them that is its domain's mean: what the prompt adds is the difference. */
export function headOdds({
  predictor,
  reading,
  head,
}: {
  predictor: Predictor
  reading: PromptReading
  head: number
}): { readonly odds: number; readonly base: number } {
  const { width, vectors, effects, heads, sources, tasks } = predictor
  const { hidden, taskChances, sourceChances, domainChances } = reading
  const { offset, source, domainBases } = heads[head]!
  const { from, to } = sources[source]!
  let odds = offset
  for (let k = 0; k < width; k += 1) odds += hidden[k]! * vectors[head * width + k]!
  let effect = 0
  for (let t = from; t < to; t += 1) effect += taskChances[t]! * effects[head * tasks.length + t]!
  odds += effect / Math.max(sourceChances[source]!, 1e-6)
  let base = 0
  for (let d = 0; d < domainBases.length; d += 1) base += domainChances[d]! * domainBases[d]!
  return { odds, base }
}
