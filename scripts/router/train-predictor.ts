import { boundedTerm } from '../../src/routing/quality/quality-view.ts'
import { shareOfOdds } from '../../src/routing/quality/exact-math.ts'
import type { Predictor } from '../../src/routing/quality/predictor.ts'
import { assemble, gateBounds, headsOf } from './assemble.ts'
import { crossValidate } from './cross-validate.ts'
import type { Dataset } from './dataset.ts'
import { domainOf } from './domain-of.ts'
import { fitCosts, fixOperatingPoints } from './operating-points.ts'
import { softTargets } from './item-response.ts'
import { PART_COUNT } from './part-scores.ts'
import { fitMixes, type Mix, mixed } from './stack.ts'
import { TRAIN_OPTIONS, type TrainOptions, trainParts } from './train-parts.ts'

/**
 * Trains all there is in the file: by cross-validation how the parts are joined and where each pool works; then the parts
 * themselves on all rows, and where the gate opens.
 */
export function trainPredictor({
  data,
  options = TRAIN_OPTIONS,
  folds = 5,
  trainedOn,
  scores,
  onScores,
  onStep,
}: {
  data: Dataset
  options?: TrainOptions
  folds?: number
  trainedOn: string
  /** What cross-validation found in an earlier run of the same training. */
  scores?: Float32Array | undefined
  onScores?: (scores: Float32Array) => void
  onStep?: (step: string) => void
}): Predictor {
  onStep?.('traits of models and questions')
  const targets = softTargets(data)
  const found = scores ?? crossValidate({ data, targets, folds, options, onStep })
  if (found.length !== data.labels.length * PART_COUNT)
    throw new RangeError('The scores belong to other rows.')
  onScores?.(found)
  const mixes = fitMixes({ data, scores: found })
  const predict = outOfFold({ data, mixes, scores: found })
  const operating = fixOperatingPoints({ rows: data.rows, costs: fitCosts(data.rows), predict })
  const parts = trainParts({
    data,
    targets,
    isMember: () => true,
    options,
    onStep: (step) => onStep?.(`all rows: ${step}`),
  })
  const predictor = assemble({ data, parts, mixes, rank: options.rank, trainedOn, operating })
  return { ...predictor, ...gateBounds({ predictor, data }) }
}

/** What was said of each row by parts that had not seen it, with the bound that the prompt's part has in use. */
export function outOfFold({
  data,
  mixes,
  scores,
}: {
  data: Dataset
  mixes: ReadonlyMap<string, Mix>
  scores: Float32Array
}): (row: number, head: string) => number {
  const heads = headsOf(data)
  const domains = data.tasks.map(domainOf)
  const placeOf = new Map<string, number>()
  data.labelHeads.forEach((head, at) => void placeOf.set(`${data.labelRows[at]!} ${data.heads[head]!}`, at))
  return (row, name) => {
    const at = placeOf.get(`${row} ${name}`)!
    const base = heads[data.labelHeads[at]!]!.domainBases[domains[data.taskOf[row]!]!]!
    const odds = mixed(mixes.get(data.rows[row]!.source)!, scores, at)
    return shareOfOdds(base + boundedTerm(odds - base))
  }
}
