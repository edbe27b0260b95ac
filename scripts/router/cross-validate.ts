import type { Dataset } from './dataset.ts'
import { PART_COUNT, scoreParts } from './part-scores.ts'
import { type Parts, TRAIN_OPTIONS, type TrainOptions, trainParts } from './train-parts.ts'

/**
 * What parts say of every outcome, each by parts that were trained without its question.
 *
 * @returns the scores, and the parts of the last fold with whether a row was kept from them.
 */
export function crossValidate({
  data,
  folds = 5,
  options = TRAIN_OPTIONS,
  onStep,
}: {
  data: Dataset
  folds?: number
  options?: TrainOptions
  onStep?: (step: string) => void
}): {
  readonly scores: Float32Array
  readonly lastParts: Parts
  readonly isHeldOut: (row: number) => boolean
} {
  const scores = new Float32Array(data.labels.length * PART_COUNT)
  const foldOf = (row: number) => data.lots[row]! % folds
  let lastParts: Parts | undefined
  for (let fold = 0; fold < folds; fold += 1) {
    lastParts = trainParts({
      data,
      isMember: (row) => foldOf(row) !== fold,
      options,
      onStep: (step) => onStep?.(`fold ${fold + 1} of ${folds}: ${step}`),
    })
    scoreParts({ data, parts: lastParts, isScored: (row) => foldOf(row) === fold, out: scores })
  }
  if (!lastParts) throw new RangeError('There have to be folds.')
  return { scores, lastParts, isHeldOut: (row) => foldOf(row) === folds - 1 }
}
