import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readPredictor } from '../src/routing/quality/predictor-file.ts'
import { requireNode } from './require-node.ts'
import { startNotes } from './start-notes.ts'
import { datasetOf } from './router/dataset.ts'
import { apgrFigures, calibrationOf, createEstimator, poolFigures } from './router/evaluate.ts'
import { evaluationText, type Evaluation } from './router/evaluation-text.ts'
import { apgrOfFewLabels } from './router/few-labels.ts'
import { type LeftOutFigures, leftOutFigures, trainWithout } from './router/leave-one-out.ts'
import { LEFT_OUT } from './router/pools.ts'
import { readRows, type Row } from './router/read-rows.ts'

const HELP = `node scripts/eval-router.ts --data FILE [--train FILE] [--model FILE] [--json]

Measures the trained file on rows that it has not seen; docs/ROUTING.md tells how to read the table.

  --data FILE    rows to measure on: JSON lines, plain or packed by gzip
  --train FILE   the training rows: measures 1,500 labels and sources left out as well, which trains eight small predictors
                 (some minutes); without it those figures are null
  --model FILE   the trained file (data/router.bin)
  --json         one object instead of the table; shares from 0 to 1
`

requireNode()
const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    train: { type: 'string' },
    model: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help || values.data === undefined) {
  process.stdout.write(HELP)
  process.exit(values.help ? 0 : 2)
}
const note = startNotes()

const predictor = readPredictor(readFileSync(values.model ?? join(import.meta.dirname, '../data/router.bin')))
const rows = await readRows(values.data)
note(`${rows.length} rows`)
const estimate = createEstimator({ predictor, rows })
const evaluation: Evaluation = {
  apgr: apgrFigures(rows, estimate),
  ...(values.train === undefined
    ? { apgrMmlu1500: null, leaveOneOut: null }
    : await trainAndMeasure(values.train, rows)),
  targets: poolFigures({ predictor, rows, estimate }),
  ece: calibrationOf({ predictor, rows, estimate }),
  withoutGate: apgrFigures(rows, createEstimator({ predictor, rows, hasGate: false })),
}
process.stdout.write(
  values.json
    ? `${JSON.stringify(evaluation, undefined, 2)}\n`
    : evaluationText({ evaluation, rows: rows.length }),
)

async function trainAndMeasure(path: string, measured: readonly Row[]) {
  const data = datasetOf(await readRows(path))
  const apgrMmlu1500 = apgrOfFewLabels({ data, rows: measured, onStep: note })
  const leaveOneOut: Record<string, LeftOutFigures> = {}
  for (const pool of LEFT_OUT) {
    note(`without ${pool.source}`)
    const stranger = trainWithout({ data, source: pool.source })
    leaveOneOut[pool.name] = leftOutFigures({ predictor: stranger, pool, data, rows: measured })
  }
  return { apgrMmlu1500, leaveOneOut }
}
