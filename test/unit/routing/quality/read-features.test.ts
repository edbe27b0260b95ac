import { expect, test } from 'vitest'
import { LIMITS } from '../../../../src/lib/limits.ts'
import { readFeatures } from '../../../../src/routing/quality/read-features.ts'
import { SHAPE_NAMES } from '../../../../src/routing/quality/shape-numbers.ts'

const shapeOf = (text: string, name: string) => readFeatures({ text }).shape[SHAPE_NAMES.indexOf(name)]

test('the buckets of a prompt are the ones that the trained file was made with', () => {
  const { buckets, words } = readFeatures({ text: 'What is 2 + 2?' })
  expect([...buckets]).toMatchInlineSnapshot(`
    [
      405,
      14327,
      3048,
      6456,
      10068,
      9624,
      1319,
      15411,
      6332,
      6808,
    ]
  `)
  expect([...words]).toMatchInlineSnapshot(`
    [
      4417,
      49453,
    ]
  `)
})

test('weights have length 1 and buckets are distinct', () => {
  const { buckets, weights } = readFeatures({ text: 'the cat and the dog and the cat' })
  expect(weights.reduce((sum, weight) => sum + weight * weight, 0)).toBeCloseTo(1, 5)
  expect(new Set(buckets).size).toBe(buckets.length)
})

test('one prompt after another leaves nothing behind', () => {
  const before = readFeatures({ text: 'one two three' })
  readFeatures({ text: 'four five six'.repeat(200) })
  expect(readFeatures({ text: 'one two three' })).toEqual(before)
})

test('a text of no word, or of none at all, has features', () => {
  for (const text of ['', '   \n\t', '\u{1F600}\u{1F600}', '\uD800', '!!!!']) {
    const { shape } = readFeatures({ text })
    expect([...shape].every(Number.isFinite)).toBe(true)
  }
  expect(readFeatures({ text: '' }).buckets).toHaveLength(0)
})

test('capitals, numbers, options and marks are counted', () => {
  expect(shapeOf('A. yes\nB. no\nC) maybe', 'optionLines')).toBe(3)
  expect(shapeOf('12 and 123456', 'numbers')).toBeCloseTo(Math.log(3), 6)
  expect(shapeOf('ABCD', 'capitalShare')).toBe(1)
  expect(shapeOf('why? how?', 'questionMarks')).toBeCloseTo(Math.log(3), 6)
  expect(shapeOf('a a a a', 'longestRepeat')).toBeCloseTo(Math.log(4), 6)
})

test('case does not change words', () => {
  expect(readFeatures({ text: 'HELLO World' }).buckets).toEqual(readFeatures({ text: 'hello world' }).buckets)
})

test('a megabyte is read as far as four thousand characters', () => {
  const read = LIMITS.featureHeadCharacters + LIMITS.featureTailCharacters
  const texts = ['x'.repeat(2 ** 20), 'a1 '.repeat(2 ** 18), '\n'.repeat(2 ** 20), 'ä€ '.repeat(2 ** 18)]
  for (const text of texts) {
    const { buckets, words } = readFeatures({ text })
    expect(buckets.length).toBeLessThanOrEqual(2 * read + 2)
    expect(words.length).toBeLessThanOrEqual(read + 1)
  }
})

test('head and tail of a long text count, its middle does not', () => {
  const long = (middle: string) => `${'head '.repeat(600)}${middle.repeat(1_000)}${' tail'.repeat(400)}`
  expect(readFeatures({ text: long('aaaa ') }).buckets).toEqual(readFeatures({ text: long('bbbb ') }).buckets)
})
