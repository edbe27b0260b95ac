import type { ScoreInputs } from './ranking/score.ts'

const netCostOf = ({ costPicoUsd, cachedPicoUsd }: ScoreInputs): number => costPicoUsd - cachedPicoUsd

/** Whether one is in nothing worse than another, and in something better. */
const isAbove = (one: ScoreInputs, other: ScoreInputs): boolean =>
  isAsGood(one, other) && !isAsGood(other, one)

const isAsGood = (one: ScoreInputs, other: ScoreInputs): boolean =>
  one.quality >= other.quality &&
  one.sd <= other.sd &&
  netCostOf(one) <= netCostOf(other) &&
  one.latencyMs <= other.latencyMs &&
  one.availability >= other.availability

/**
 * Those that some weights could put first: a score grows with quality and availability, and falls with uncertainty, cost and time, so
 * whoever is in nothing better than somebody else never wins, whatever the weights and the caution are (none of them is below zero).
 * A choice can be compared again by these few as well as by all of them.
 *
 * @example contendersOf([{ inputs: { quality: 0.9, … } }, { inputs: { quality: 0.8, …the rest equal } }]) // the first
 */
export const contendersOf = <One extends { readonly inputs: ScoreInputs }>(
  candidates: readonly One[],
): readonly One[] =>
  candidates.filter(({ inputs }) => !candidates.some((other) => isAbove(other.inputs, inputs)))
