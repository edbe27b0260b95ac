import type { Dataset } from './dataset.ts'
import { PART_COUNT, scoreParts } from './part-scores.ts'
import { TRAIN_OPTIONS, type TrainOptions, trainParts } from './train-parts.ts'

/** What parts say of every outcome, each by parts that were trained without its question: PART_COUNT numbers for each. */
export function crossValidate({
  data,
  targets,
  folds = 5,
  options = TRAIN_OPTIONS,
  onStep,
}: {
  data: Dataset
  targets: Float32Array
  folds?: number
  options?: TrainOptions
  onStep?: ((step: string) => void) | undefined
}): Float32Array {
  const scores = new Float32Array(data.labels.length * PART_COUNT)
  const foldOf = (row: number) => data.lots[row]! % folds
  for (let fold = 0; fold < folds; fold += 1) {
    const parts = trainParts({
      data,
      targets,
      isMember: (row) => foldOf(row) !== fold,
      options,
      onStep: (step) => onStep?.(`fold ${fold + 1} of ${folds}: ${step}`),
    })
    scoreParts({ data, parts, isScored: (row) => foldOf(row) === fold, out: scores })
  }
  return scores
}
