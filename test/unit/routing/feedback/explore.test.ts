import { expect, test } from 'vitest'
import {
  type Explorable,
  EXPLORED_SHARE,
  explore,
  shareOfSeed,
} from '../../../../src/routing/feedback/explore.ts'

const one = (modelId: string, over: Partial<Explorable> = {}): Explorable => ({
  modelId,
  costPicoUsd: 100,
  score: 0.69,
  sd: 0.05,
  samples: 0,
  isWithinCap: true,
  ...over,
})
const best = one('best', { score: 0.7 })
const SEEDS = Array.from({ length: 20_000 }, (_, index) => `request-${index} 0`)
const drawn = (candidates: readonly Explorable[], strategy = 'balanced', share?: number) =>
  SEEDS.flatMap(
    (seed) => explore({ candidates, strategy, seed, ...(share === undefined ? {} : { share }) }) ?? [],
  )

test('seeds are spread evenly', () => {
  const shares = SEEDS.map(shareOfSeed)
  for (let tenth = 0; tenth < 10; tenth += 1) {
    const count = shares.filter((share) => Math.floor(share * 10) === tenth).length
    expect(Math.abs(count - 2_000)).toBeLessThan(200)
  }
})

test('about eight in a hundred calls explore, and no share that is asked for makes it more', () => {
  const candidates = [best, one('a'), one('b')]
  for (const share of [undefined, 1]) {
    const count = drawn(candidates, 'balanced', share).length
    expect(Math.abs(count / SEEDS.length - EXPLORED_SHARE)).toBeLessThan(0.01)
  }
  expect(drawn(candidates, 'balanced', 0)).toEqual([])
})

test('the same seed chooses the same one, whatever the time and the process', () => {
  const candidates = [best, one('a'), one('b'), one('c')]
  expect(drawn(candidates)).toEqual(drawn(candidates))
})

test('the next three models share the trials evenly, and it is said which one stands in for which', () => {
  const candidates = [best, one('best'), one('a'), one('a'), one('b'), one('c'), one('d')]
  const trials = drawn(candidates)
  const counts = Map.groupBy(trials, ({ modelId }) => modelId)
  expect([...counts.keys()].toSorted()).toEqual(['a', 'b', 'c'])
  for (const group of counts.values()) expect(group.length).toBeGreaterThan(trials.length / 4)
  expect(trials.every(({ index, modelId }) => candidates[index]?.modelId === modelId)).toBe(true)
  expect(trials[0]).toMatchObject({
    insteadOf: 'best',
    reason: expect.stringContaining('in the place of best'),
  })
})

test('only strategies that allow it explore', () => {
  const candidates = [best, one('a')]
  expect(drawn(candidates, 'cost').length).toBeGreaterThan(0)
  for (const strategy of ['availability', 'latency', 'pinned', 'price', 'throughput'])
    expect(drawn(candidates, strategy)).toEqual([])
})

test.each([
  ['dearer', { costPicoUsd: 101 }],
  ['not within the signed price', { isWithinCap: false }],
  ['hopeless: not even 0.7 standard deviations up', { score: 0.6 }],
  ['known well enough', { samples: 40 }],
] as const)('nobody is tried who is %s', (_why, over) => {
  expect(drawn([best, one('a', over)])).toEqual([])
})

test('there is nobody to try in an empty pool or alone', () => {
  expect(drawn([])).toEqual([])
  expect(drawn([best, one('best')])).toEqual([])
})
