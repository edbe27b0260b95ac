import { assemble } from './assemble.ts'
import { type Dataset, subsetOf } from './dataset.ts'
import { createEstimator, pairApgr } from './evaluate.ts'
import { PAIRS } from './pools.ts'
import type { Row } from './read-rows.ts'
import { seeded } from './seeded.ts'
import { TRAIN_OPTIONS, trainParts } from './train-parts.ts'

/** RouteLLM's budget of labels on MMLU, and how many draws of so many rows are averaged. */
const [LABELS, DRAWS] = [1_500, 3]

/** A tenth of the rows needs more rounds to learn from them. */
const FEW_LABELS_OPTIONS = {
  ...TRAIN_OPTIONS,
  rank: 2,
  network: { ...TRAIN_OPTIONS.network, epochs: 10 },
}

/** APGR on MMLU of predictors that know 1,500 rows of MMLU and nothing else whatsoever. */
export function apgrOfFewLabels({
  data,
  rows,
  onStep,
}: {
  /** Training rows. */
  data: Dataset
  /** Rows to measure on. */
  rows: readonly Row[]
  onStep?: (step: string) => void
}): number {
  const pair = PAIRS[0]!
  const mine = rows.filter(({ source }) => source === pair.source)
  const places = [...data.rows.keys()].filter((row) => data.rows[row]!.source === pair.source)
  let sum = 0
  for (let draw = 0; draw < DRAWS; draw += 1) {
    onStep?.(`${LABELS} labels, draw ${draw + 1} of ${DRAWS}`)
    const order = seeded(77 + draw).order(places.length)
    const drawn = new Set([...order.subarray(0, LABELS)].map((at) => places[at]!))
    const few = subsetOf(data, (_, index) => drawn.has(index))
    const parts = trainParts({ data: few, isMember: () => true, options: FEW_LABELS_OPTIONS })
    const predictor = assemble({ data: few, parts, mixes: new Map(), rank: FEW_LABELS_OPTIONS.rank })
    sum += pairApgr({
      pair,
      rows: mine,
      estimate: createEstimator({ predictor, rows: mine, hasGate: false }),
    })
  }
  return sum / DRAWS
}
