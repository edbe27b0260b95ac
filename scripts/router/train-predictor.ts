import { shareOfOdds } from '../../src/routing/quality/exact-math.ts'
import type { Predictor } from '../../src/routing/quality/predictor.ts'
import { assemble, gateBounds } from './assemble.ts'
import { crossValidate } from './cross-validate.ts'
import type { Dataset } from './dataset.ts'
import { fitCosts, fixOperatingPoints } from './operating-points.ts'
import { fitMixes, mixed } from './stack.ts'
import { TRAIN_OPTIONS, type TrainOptions, trainParts } from './train-parts.ts'

/**
 * Trains all there is in the file: by cross-validation how the parts are joined, where the gate opens and where each pool
 * works; then the parts themselves on all rows.
 */
export function trainPredictor({
  data,
  options = TRAIN_OPTIONS,
  folds = 5,
  trainedOn,
  onStep,
}: {
  data: Dataset
  options?: TrainOptions
  folds?: number
  trainedOn: string
  onStep?: (step: string) => void
}): Predictor {
  const { scores, lastParts, isHeldOut } = crossValidate({
    data,
    folds,
    options,
    ...(onStep ? { onStep } : {}),
  })
  const mixes = fitMixes({ data, scores })
  const partial = assemble({ data, parts: lastParts, mixes, rank: options.rank })
  const gate = gateBounds({ predictor: partial, data, isHeldOut })
  const placeOf = new Map<string, number>()
  data.labelHeads.forEach((head, at) => void placeOf.set(`${data.labelRows[at]!} ${data.heads[head]!}`, at))
  const predict = (row: number, head: string) => {
    const at = placeOf.get(`${row} ${head}`)!
    return shareOfOdds(mixed(mixes.get(data.rows[row]!.source)!, scores, at))
  }
  const operating = fixOperatingPoints({ rows: data.rows, costs: fitCosts(data.rows), predict })
  const parts = trainParts({
    data,
    isMember: () => true,
    options,
    onStep: (step) => onStep?.(`all rows: ${step}`),
  })
  return assemble({ data, parts, mixes, gate, rank: options.rank, trainedOn, operating })
}
