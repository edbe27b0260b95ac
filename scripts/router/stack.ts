import { exactExp } from '../../src/routing/quality/exact-math.ts'
import type { Dataset } from './dataset.ts'
import { PART_COUNT } from './part-scores.ts'
import { solve } from './solve.ts'

/** How the parts are joined within one source: log-odds = constant + weights · parts. */
export type Mix = readonly [constant: number, linear: number, shared: number, task: number]

/** Where nothing was fitted. */
export const USUAL_MIX: Mix = [0, 0.4, 0.4, 0.2]

/** How strongly a mix is held to the usual one, in outcomes. */
const PULL = 20

/** How much of the usual mix stays in it: what is best for chances is not quite what is best for differences between models. */
const USUAL_SHARE = 1 / 3

/**
 * Fits one mix for each source to what parts said of rows that they were not trained on (logistic regression by Newton's
 * method). This is the calibration as well: the mix stretches or shrinks what the parts claim.
 */
export function fitMixes({
  data,
  scores,
}: {
  data: Dataset
  scores: Float32Array
}): ReadonlyMap<string, Mix> {
  const bySource = Map.groupBy(data.labels.keys(), (at) => data.rows[data.labelRows[at]!]!.source)
  return new Map(
    [...bySource].map(([source, places]) => {
      const fitted = fitMix({ labels: data.labels, scores, places })
      const blend = fitted.map((weight, i) => (1 - USUAL_SHARE) * weight + USUAL_SHARE * USUAL_MIX[i]!)
      return [source, stretched({ labels: data.labels, scores, places, blend: blend as unknown as Mix })]
    }),
  )
}

/** A blend no longer claims what was observed: one factor and one constant set it right again (Platt's scaling). */
function stretched({
  labels,
  scores,
  places,
  blend,
}: {
  labels: Float32Array
  scores: Float32Array
  places: readonly number[]
  blend: Mix
}): Mix {
  const odds = new Float32Array(labels.length * PART_COUNT)
  for (const at of places) odds[at * PART_COUNT] = mixed(blend, scores, at)
  const [constant, factor] = fitMix({ labels, scores: odds, places, usual: [0, 1, 0, 0] })
  return [constant + factor * blend[0], factor * blend[1], factor * blend[2], factor * blend[3]]
}

function fitMix({
  labels,
  scores,
  places,
  usual = USUAL_MIX,
}: {
  labels: Float32Array
  scores: Float32Array
  places: readonly number[]
  usual?: Mix
}): Mix {
  const size = PART_COUNT + 1
  const weights: number[] = [...usual]
  const inputs = new Float64Array(size)
  for (let round = 0; round < 12; round += 1) {
    const slope = weights.map((weight, i) => (i === 0 ? 0 : PULL * (weight - usual[i]!)))
    const curve = weights.map((_, i) =>
      Float64Array.from({ length: size }, (__, j) => (i === j && i > 0 ? PULL : 1e-9)),
    )
    for (const at of places) {
      inputs[0] = 1
      for (let i = 0; i < PART_COUNT; i += 1) inputs[i + 1] = scores[at * PART_COUNT + i]!
      let odds = 0
      for (let i = 0; i < size; i += 1) odds += weights[i]! * inputs[i]!
      const chance = 1 / (1 + exactExp(-odds))
      const error = chance - labels[at]!
      const bend = Math.max(1e-6, chance * (1 - chance))
      for (let i = 0; i < size; i += 1) {
        slope[i] = slope[i]! + error * inputs[i]!
        for (let j = 0; j < size; j += 1) curve[i]![j] = curve[i]![j]! + bend * inputs[i]! * inputs[j]!
      }
    }
    solve(curve, slope).forEach((step, i) => void (weights[i] = weights[i]! - step))
  }
  return [weights[0]!, weights[1]!, weights[2]!, weights[3]!]
}

/** What a mix makes of the parts of one outcome. */
export const mixed = (mix: Mix, scores: Float32Array, at: number): number =>
  mix[0] +
  mix[1] * scores[at * PART_COUNT]! +
  mix[2] * scores[at * PART_COUNT + 1]! +
  mix[3] * scores[at * PART_COUNT + 2]!
