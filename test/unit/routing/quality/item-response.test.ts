import { expect, test } from 'vitest'
import { datasetOf } from '../../../../scripts/router/dataset.ts'
import { softTargets } from '../../../../scripts/router/item-response.ts'
import { syntheticRows } from './synthetic-rows.ts'

const data = datasetOf(syntheticRows(60))

test('outcomes of a question with few answers stay as they are', () => {
  expect([...softTargets(data)]).toEqual([...data.labels])
})

test('with answers enough an outcome counts half, and what the others let expect of it half', () => {
  const targets = softTargets(data, 1)
  expect(targets).not.toEqual(data.labels)
  targets.forEach((target, at) => expect(Math.abs(target - data.labels[at]!)).toBeLessThanOrEqual(0.5))
})
