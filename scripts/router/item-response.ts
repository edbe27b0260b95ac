import { exactExp, logOdds } from '../../src/routing/quality/exact-math.ts'
import type { Dataset } from './dataset.ts'
import { seeded } from './seeded.ts'
import { solve } from './solve.ts'

/** So many traits has a question, and so many rounds are taken to find them. */
const [TRAITS, ROUNDS] = [3, 15]
/** From so many answers on a question's traits are known well enough; with 29 of them savings among models were less than without. */
const LEAST_ANSWERS = 40
/** What is believed of a head before its rows: how much of each trait it takes, the first one being how easy a question is. */
const USUAL = [0.8, 0, 0]
/** Half of a target is what happened, half is what the question's other outcomes let expect of it. */
const SHARE = 0.5

/**
 * Outcomes with less chance in them: one question is answered once by each model, and luck is most of what a single answer says. Models
 * and questions are given traits (item response theory, three dimensions, found by turns), and what these expect of an outcome is
 * mixed with the outcome. A question's traits come from its own row alone, so a target says nothing of other rows.
 *
 * @param leastAnswers questions with fewer keep their outcomes as they are.
 * @returns one target for each outcome, from 0 to 1.
 */
export function softTargets(data: Dataset, leastAnswers = LEAST_ANSWERS): Float32Array {
  const { rows, heads, labels, labelHeads, labelRows, starts } = data
  const asked = [...rows.keys()].filter((row) => starts[row + 1]! - starts[row]! >= leastAnswers)
  const isAsked = new Set(asked)
  const known = [...labels.keys()].filter((at) => isAsked.has(labelRows[at]!))
  const places = Map.groupBy(known, (at) => labelHeads[at]!)
  const traits = new Float64Array(rows.length * TRAITS)
  const random = seeded(5)
  // For each head what is always there, then how much it takes of each trait.
  const takes = heads.map((_, head) => {
    const mine = places.get(head) ?? []
    const sum = mine.reduce((total, at) => total + labels[at]!, 0)
    const first = logOdds((sum + 1) / (mine.length + 2))
    return [first, ...USUAL.map((usual, d) => usual + (d === 0 ? 0.2 : 0.3) * random.normal())]
  })
  const chanceOf = (at: number) => {
    const take = takes[labelHeads[at]!]!
    const base = labelRows[at]! * TRAITS
    let odds = take[0]!
    for (let d = 0; d < TRAITS; d += 1) odds += take[d + 1]! * traits[base + d]!
    return 1 / (1 + exactExp(-odds))
  }
  const moveTraits = (row: number) => {
    const slope = Array.from({ length: TRAITS }, (_, d) => -traits[row * TRAITS + d]!)
    const curve = unit(TRAITS)
    for (let at = starts[row]!; at < starts[row + 1]!; at += 1)
      add({
        slope,
        curve,
        inputs: takes[labelHeads[at]!]!.slice(1),
        chance: chanceOf(at),
        label: labels[at]!,
      })
    solve(curve, slope).forEach((step, d) => {
      traits[row * TRAITS + d] = traits[row * TRAITS + d]! + Math.max(-1.5, Math.min(1.5, step))
    })
  }
  const moveHead = (head: number) => {
    const take = takes[head]!
    const slope = take.map((value, i) => (i === 0 ? 0 : USUAL[i - 1]! - value))
    const curve = unit(TRAITS + 1)
    curve[0]![0] = 1e-6
    for (const at of places.get(head)!) {
      const base = labelRows[at]! * TRAITS
      const inputs = [1, ...traits.subarray(base, base + TRAITS)]
      add({ slope, curve, inputs, chance: chanceOf(at), label: labels[at]! })
    }
    solve(curve, slope).forEach((step, i) => void (take[i] = take[i]! + step))
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let turn = 0; turn < (round === 0 ? 4 : 2); turn += 1) asked.forEach(moveTraits)
    for (let turn = 0; turn < 3; turn += 1) for (const head of places.keys()) moveHead(head)
  }
  const targets = labels.slice()
  for (const at of known) targets[at] = (1 - SHARE) * labels[at]! + SHARE * chanceOf(at)
  return targets
}

const unit = (size: number) =>
  Array.from({ length: size }, (_, i) => Float64Array.from({ length: size }, (__, j) => (i === j ? 1 : 0)))

/** One outcome's part of the slope and the curve of a logistic regression. */
function add({
  slope,
  curve,
  inputs,
  chance,
  label,
}: {
  slope: number[]
  curve: Float64Array[]
  inputs: readonly number[]
  chance: number
  label: number
}): void {
  const bend = chance * (1 - chance) + 1e-4
  inputs.forEach((input, i) => {
    slope[i] = slope[i]! + (label - chance) * input
    inputs.forEach((other, j) => void (curve[i]![j] = curve[i]![j]! + bend * input * other))
  })
}
