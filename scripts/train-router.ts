import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { writePredictor } from '../src/routing/quality/predictor-file.ts'
import { requireNode } from './require-node.ts'
import { startNotes } from './start-notes.ts'
import { datasetOf } from './router/dataset.ts'
import { readRows } from './router/read-rows.ts'
import { trainPredictor } from './router/train-predictor.ts'

const HELP = `node scripts/train-router.ts --data FILE [--out FILE] [--scores FILE]

Trains the quality estimate and writes one file of at most 2 MiB.

  --data FILE   rows of outcomes as JSON lines, plain or packed by gzip (form: docs/ROUTING.md)
  --out FILE    where to write (data/router.bin)
  --scores FILE keeps what cross-validation found, most of the time: read where it exists, else written

Some minutes of one core. The same rows give the same bytes on every engine whose numbers are IEEE 754 doubles: there is a seed
in the sources, and no arithmetic but sums, products, quotients and square roots.
`

/** The package has to stay small. */
const MAX_BYTES = 2 * 1024 * 1024

requireNode()
const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    out: { type: 'string' },
    scores: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help || values.data === undefined) {
  process.stdout.write(HELP)
  process.exit(values.help ? 0 : 2)
}
const note = startNotes()

const data = datasetOf(await readRows(values.data))
note(`${data.rows.length} rows, ${data.heads.length} heads, ${data.tasks.length} tasks`)
const trainedOn = createHash('sha256').update(readFileSync(values.data)).digest('hex')
const bytes = writePredictor(
  trainPredictor({ data, trainedOn, scores: knownScores(values.scores), onScores: keepScores, onStep: note }),
)
if (bytes.length > MAX_BYTES)
  throw new RangeError(`The file would have ${bytes.length} bytes, over ${MAX_BYTES}.`)
const out = values.out ?? join(import.meta.dirname, '../data/router.bin')
mkdirSync(dirname(out), { recursive: true })
writeFileSync(out, bytes)
note(`${out}: ${bytes.length} bytes, sha256 ${createHash('sha256').update(bytes).digest('hex')}`)

function knownScores(path: string | undefined): Float32Array | undefined {
  if (path === undefined || !existsSync(path)) return undefined
  const bytes = readFileSync(path)
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
}

function keepScores(scores: Float32Array): void {
  if (values.scores !== undefined && !existsSync(values.scores)) writeFileSync(values.scores, scores)
}
