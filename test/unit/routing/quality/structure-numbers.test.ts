import { expect, test } from 'vitest'
import { readFeatures } from '../../../../src/routing/quality/read-features.ts'
import { SHAPE_NAMES } from '../../../../src/routing/quality/shape-numbers.ts'
import { STRUCTURE_NAMES } from '../../../../src/routing/quality/structure-numbers.ts'

const PROGRAM = `def f(words):
    for word in words:
        if word.isupper():
            return word
assert f(['one', "three"]) == ??`
const TALE = 'Ann had 1,250 apples and 17.5 pears. She gave half of them away. How many are left?'

const numberOf = (text: string, name: string) =>
  readFeatures({ text }).shape[SHAPE_NAMES.length + STRUCTURE_NAMES.indexOf(name)]

test.each([
  ['code:loops', 1],
  ['code:indent', 12],
  ['code:branch', 1],
  ['code:test', 1],
  ['code:lines', Math.log(6)],
  ['code:argumentLongest', Math.log(6)],
  ['code:argumentText', Math.log(9)],
  ['code:argumentCommas', Math.log(2)],
])('of a program %s is counted', (name, expected) => {
  expect(numberOf(PROGRAM, name)).toBeCloseTo(expected, 5)
})

test.each([
  ['tale:numbers', Math.log(3)],
  ['tale:decimals', Math.log(2)],
  ['tale:crooked', Math.log(2)],
  ['tale:times', Math.log(2)],
  ['tale:lastSentence', Math.log(1 + ' How many are left?'.length)],
])('of a tale with numbers %s is counted', (name, expected) => {
  expect(numberOf(TALE, name)).toBeCloseTo(expected, 5)
})

test('what is counted in the one is not counted in the other', () => {
  expect(numberOf(PROGRAM, 'tale:numbers')).toBeNaN()
  expect(numberOf(TALE, 'code:loops')).toBeNaN()
})

test('a question with options, with formulas or without numbers is neither', () => {
  for (const text of ['What is 2 + 2?\nA. 3\nB. 4', 'What is $x^2$ for 3?', 'who wrote it?'])
    expect([...readFeatures({ text }).shape.subarray(SHAPE_NAMES.length)].every(Number.isNaN)).toBe(true)
})
