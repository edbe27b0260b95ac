import { exactLog } from './exact-math.ts'
import { hashText } from './hash.ts'

/** How a prompt is laid out: a question, and lines of options where it has any. */
export type Layout = {
  options: number
  /** Options in which a digit comes before any letter. */
  numericOptions: number
  optionCharacters: number
  longestOption: number
  shortestOption: number
  optionNumbers: number
  questionNumbers: number
  /** Where the option that is being read begins; -1 outside of options. */
  openAt: number
  /** Whether neither a letter nor a digit of it was read yet. */
  isBlank: boolean
}

export const emptyLayout = (): Layout => ({
  options: 0,
  numericOptions: 0,
  optionCharacters: 0,
  longestOption: 0,
  shortestOption: 0,
  optionNumbers: 0,
  questionNumbers: 0,
  openAt: -1,
  isBlank: false,
})

const [A, J, SPACE] = [65, 74, 32]
/** `.`, `)` and `:`. */
const isLabelEnd = (code: number) => code === 46 || code === 41 || code === 58

/** "A. " to "J. " at the start of a line, also with a bracket or a colon. */
export const startsOption = (text: string, at: number): boolean => {
  const letter = text.charCodeAt(at)
  return (
    letter >= A && letter <= J && isLabelEnd(text.charCodeAt(at + 1)) && text.charCodeAt(at + 2) === SPACE
  )
}

export function openOption(layout: Layout, at: number): void {
  layout.openAt = at + 3
  layout.isBlank = true
}

/** At the end of every line. */
export function closeOption(layout: Layout, at: number): void {
  if (layout.openAt < 0) return
  const length = at - layout.openAt
  if (layout.options === 0 || length < layout.shortestOption) layout.shortestOption = length
  if (length > layout.longestOption) layout.longestOption = length
  layout.options += 1
  layout.optionCharacters += length
  layout.openAt = -1
}

export function countLayoutNumber(layout: Layout): void {
  if (layout.openAt < 0) {
    layout.questionNumbers += 1
    return
  }
  layout.optionNumbers += 1
  if (layout.isBlank) layout.numericOptions += 1
  layout.isBlank = false
}

/** So many buckets say how a prompt is laid out. */
export const LAYOUT_BUCKETS = 11
/** Together they count a quarter of what the words count (squares). */
export const LAYOUT_WEIGHT = 0.5 / Math.sqrt(LAYOUT_BUCKETS)

/** Hashes of numbers that stand for names: of the trait, and of the steps of one or two counts. */
const TRAIT_HASHES = Array.from({ length: LAYOUT_BUCKETS }, (_, trait) => hashText(`layout ${trait}`))
const hashOf = (trait: number, first: number, second = 0) => {
  const mixed = Math.imul(TRAIT_HASHES[trait]! ^ (first * 64 + second + 1), 0x2c1b3c6d)
  return Math.imul(mixed ^ (mixed >>> 13), 0x297a2d39) >>> 0
}

const PER_DOUBLING = 1 / 0.6931471805599453
/** Whole steps of a count's logarithm, so many for each doubling; the least bit more keeps powers of two on their step. */
const stepOf = (count: number, steps = 1) => Math.floor(exactLog(1 + count) * PER_DOUBLING * steps + 1e-9)

/**
 * Hashes of what a layout is like, each in steps, so that a line through words and numbers can bend: a question of three lines with
 * numbers for options is another thing than three times one of one line.
 *
 * @param read characters that were read.
 */
export function layoutHashes(layout: Layout, read: number): readonly number[] {
  const { options, numericOptions, optionCharacters, longestOption, shortestOption } = layout
  const question = read - optionCharacters - 4 * options
  const mean = options > 0 ? optionCharacters / options : 0
  const kind = numericOptions === 0 ? 0 : numericOptions === options ? 2 : 1
  const numbers = Math.min(6, layout.questionNumbers)
  const many = Math.min(12, options)
  return [
    hashOf(0, many),
    hashOf(1, kind),
    hashOf(2, stepOf(Math.max(0, question), 2)),
    hashOf(3, stepOf(mean, 2)),
    hashOf(4, numbers),
    hashOf(5, kind, stepOf(Math.max(0, question))),
    hashOf(6, kind, stepOf(mean)),
    hashOf(7, many, kind),
    hashOf(8, stepOf(longestOption - shortestOption)),
    hashOf(9, numbers, stepOf(Math.max(0, question))),
    hashOf(10, stepOf(layout.optionNumbers, 2)),
  ]
}
