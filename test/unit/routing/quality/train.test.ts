import { expect, test } from 'vitest'
import { datasetOf } from '../../../../scripts/router/dataset.ts'
import { TRAIN_OPTIONS } from '../../../../scripts/router/train-parts.ts'
import { trainPredictor } from '../../../../scripts/router/train-predictor.ts'
import { readPredictor, writePredictor } from '../../../../src/routing/quality/predictor-file.ts'
import { readFeatures } from '../../../../src/routing/quality/read-features.ts'
import { headOdds, readPrompt } from '../../../../src/routing/quality/read-prompt.ts'
import { syntheticRows } from './synthetic-rows.ts'

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

test('the same rows give the same file, byte for byte', () => {
  expect(Buffer.from(train()).equals(Buffer.from(bytes))).toBe(true)
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
