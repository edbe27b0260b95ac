import { expect, test } from 'vitest'
import { LIMITS } from '../../../../src/lib/limits.ts'
import { LAYOUT_BUCKETS } from '../../../../src/routing/quality/layout-buckets.ts'
import { readFeatures } from '../../../../src/routing/quality/read-features.ts'
import { SHAPE_NAMES } from '../../../../src/routing/quality/shape-numbers.ts'

const shapeOf = (text: string, name: string) => readFeatures({ text }).shape[SHAPE_NAMES.indexOf(name)]

test('the buckets of a prompt are the ones that the trained file was made with', () => {
  const { buckets, words } = readFeatures({ text: 'What is 2 + 2?' })
  expect([...buckets]).toMatchInlineSnapshot(`
    [
      405,
      14327,
      330,
      6456,
      15459,
      9624,
      2076,
      14637,
      6332,
      11111,
      3397,
      8160,
      5916,
      7107,
      8681,
      8731,
      3717,
      9151,
      2961,
      10234,
      15468,
    ]
  `)
  expect([...words]).toMatchInlineSnapshot(`
    [
      4417,
      49453,
    ]
  `)
})

test('the weights of words have length 1 and their buckets are distinct; the layout counts half as much', () => {
  const { buckets, weights } = readFeatures({ text: 'the cat and the dog and the cat' })
  const squares = (some: Float32Array) => some.reduce((sum, weight) => sum + weight * weight, 0)
  const words = buckets.length - LAYOUT_BUCKETS
  expect(squares(weights.subarray(0, words))).toBeCloseTo(1, 5)
  expect(new Set(buckets.subarray(0, words)).size).toBe(words)
  expect(squares(weights.subarray(words))).toBeCloseTo(0.25, 5)
})

test('the order of two words counts', () => {
  const wordsOf = (text: string) => readFeatures({ text }).buckets.slice(0, -LAYOUT_BUCKETS).toSorted()
  expect(wordsOf('strong cat')).not.toEqual(wordsOf('cat strong'))
})

const layoutOf = (text: string) => readFeatures({ text }).buckets.slice(-LAYOUT_BUCKETS)
const exam = (options: readonly string[]) =>
  `What is the sum?\n${options.map((option, index) => `${'ABCDEFGHIJ'[index]}. ${option}`).join('\n')}`

test('the layout tells how many options there are and whether they are numbers', () => {
  const numbers = layoutOf(exam(['1.5 s', '-2.5 s', '3.5 s', '4.5 s']))
  const words = layoutOf(exam(['one s', 'two s', 'six s', 'ten s']))
  const mixed = layoutOf(exam(['1.5 s', 'two s', '3.5 s', '4.5 s']))
  const [many, kind] = [0, 1]
  expect(numbers[many]).toBe(words[many])
  expect(new Set([numbers[kind], words[kind], mixed[kind]]).size).toBe(3)
  expect(layoutOf(exam(['1.5 s', '2.5 s']))[many]).not.toBe(numbers[many])
  // "A." within a line, a small letter or a word is no option.
  expect(layoutOf('see A. here\na. thing\nAll. of\nZ. end')[many]).toBe(layoutOf('nothing')[many])
})

test('a number more or a character more within the same step changes no layout', () => {
  expect(layoutOf('x'.repeat(3_000))).toEqual(layoutOf('x'.repeat(3_010)))
  expect(layoutOf('1 '.repeat(40))[4]).toBe(layoutOf('1 '.repeat(41))[4])
})

test('one prompt after another leaves nothing behind', () => {
  const before = readFeatures({ text: 'one two three' })
  readFeatures({ text: 'four five six'.repeat(200) })
  expect(readFeatures({ text: 'one two three' })).toEqual(before)
})

test('a text of no word, or of none at all, has features', () => {
  for (const text of ['', '   \n\t', '\u{1F600}\u{1F600}', '\uD800', '!!!!']) {
    const { shape } = readFeatures({ text })
    expect([...shape.subarray(0, SHAPE_NAMES.length)].every(Number.isFinite)).toBe(true)
  }
  expect(readFeatures({ text: '' }).buckets).toHaveLength(0)
  expect(readFeatures({ text: ' \n' }).buckets).toHaveLength(0)
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
    expect(buckets.length).toBeLessThanOrEqual(2 * read + 2 + LAYOUT_BUCKETS)
    expect(words.length).toBeLessThanOrEqual(read + 1)
  }
})

test('head and tail of a long text count, its middle does not', () => {
  const long = (middle: string) => `${'head '.repeat(600)}${middle.repeat(1_000)}${' tail'.repeat(400)}`
  expect(readFeatures({ text: long('aaaa ') }).buckets).toEqual(readFeatures({ text: long('bbbb ') }).buckets)
})
