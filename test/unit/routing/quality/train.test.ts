import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { datasetOf } from '../../../../scripts/router/dataset.ts'
import { TRAIN_OPTIONS } from '../../../../scripts/router/train-parts.ts'
import { trainPredictor } from '../../../../scripts/router/train-predictor.ts'
import { readPredictor, writePredictor } from '../../../../src/routing/quality/predictor-file.ts'
import { readFeatures } from '../../../../src/routing/quality/read-features.ts'
import { headOdds, readPrompt } from '../../../../src/routing/quality/read-prompt.ts'
import { syntheticRows } from './synthetic-rows.ts'

const ROOT = join(import.meta.dirname, '../../../..')

const OPTIONS = {
  ...TRAIN_OPTIONS,
  networks: 1,
  rank: 4,
  network: { ...TRAIN_OPTIONS.network, width: 4, epochs: 2 },
}
const train = () =>
  writePredictor(
    trainPredictor({ data: datasetOf(syntheticRows(240)), options: OPTIONS, folds: 2, trainedOn: 'rows' }),
  )
const bytes = train()
const predictor = readPredictor(bytes)

const oddsOf = (name: string, text: string) => {
  const head = predictor.heads.findIndex((one) => one.name === name)
  return headOdds({ predictor, reading: readPrompt({ predictor, features: readFeatures({ text }) }), head })
    .odds
}

const digestOf = (file: Uint8Array) => createHash('sha256').update(file).digest('hex')

/** Of these rows and options. Another one means that training has changed: then `data/router.bin` has to be trained anew. */
const DIGEST = 'c4339888accd4d02a84880978b6b3192317503f71a6dcfc0789b556a0cff7b51'

test('the same rows give the same file, byte for byte, today and on every machine', () => {
  expect(digestOf(train())).toBe(digestOf(bytes))
  expect(digestOf(bytes)).toBe(DIGEST)
})

test('the trained file is the one that the documentation names', () => {
  const docs = readFileSync(join(ROOT, 'docs/ROUTING.md'), 'utf8')
  expect(docs).toContain(digestOf(readFileSync(join(ROOT, 'data/router.bin'))))
})

test('what is learned is told: the weak model is worse at the hard kind', () => {
  const [easy, hard] = [
    'what is the capital city of this country?',
    'prove that every finite group has prime order?',
  ]
  expect(oddsOf('one:llama-3.1-8b-instruct', easy)).toBeGreaterThan(
    oddsOf('one:llama-3.1-8b-instruct', hard) + 1,
  )
})

test('a file that is cut short or another is refused', () => {
  expect(() => readPredictor(bytes.subarray(0, bytes.length - 5_000))).toThrow('cut short')
  expect(() => readPredictor(bytes.subarray(0, 40))).toThrow('cut short')
  expect(() => readPredictor(new TextEncoder().encode('{"not": "it"}'))).toThrow('train-router')
})

test('writing what was read gives the file again', () => {
  expect(Buffer.from(writePredictor(predictor)).equals(Buffer.from(bytes))).toBe(true)
})
