import { exactLog } from './exact-math.ts'
import { GROUP_NAMES, groupOf, PLACE } from './structure-words.ts'

/** What is counted along the text. */
export type Structure = {
  readonly groups: Uint16Array
  /** Of each ASCII mark, and the same as they stood where the call of a program begins. */
  readonly marks: Uint16Array
  readonly marksBefore: Uint16Array
  callAt: number
  linesBefore: number
  numbersBefore: number
  indent: number
  numbers: number
  decimals: number
  largest: number
  /** Of the numbers' logarithms the sum. */
  sizes: number
  /** Numbers above 12 that are no multiples of five: what nobody reckons by heart. */
  crooked: number
  sentenceAt: number
  lastSentence: number
  /** A tale has no formulas: what has is neither of the two. */
  isFormula: boolean
  /** Where a text between quotes began, within the call; the sum of such texts and the longest. */
  quoteAt: number
  quote: number
  text: number
  longestText: number
}

export const emptyStructure = (): Structure => ({
  groups: new Uint16Array(GROUP_NAMES.length),
  marks: new Uint16Array(128),
  marksBefore: new Uint16Array(128),
  callAt: -1,
  linesBefore: 0,
  numbersBefore: 0,
  indent: 0,
  numbers: 0,
  decimals: 0,
  largest: 0,
  sizes: 0,
  crooked: 0,
  sentenceAt: 0,
  lastSentence: 0,
  isFormula: false,
  quoteAt: -1,
  quote: 0,
  text: 0,
  longestText: 0,
})

/** log(1 + n) of small counts, read instead of reckoned. */
const LOGS = Float64Array.from({ length: 1_000 }, (_, count) => exactLog(1 + count))
export const logOf = (count: number) => (count < LOGS.length ? LOGS[count]! : exactLog(1 + count))

export function countStructureWord({
  structure,
  hash,
  at,
  lines,
}: {
  structure: Structure
  hash: number
  at: number
  lines: number
}): void {
  const group = groupOf(hash)
  if (group === undefined) return
  structure.groups[group] = structure.groups[group]! + 1
  if (group !== PLACE.call) return
  structure.callAt = at
  structure.linesBefore = lines
  structure.numbersBefore = structure.numbers
  structure.marksBefore.set(structure.marks)
}

const [POINT, COMMA, DOLLAR, ZERO, BACKSLASH, CARET] = [46, 44, 36, 48, 92, 94]
const [QUESTION, EXCLAMATION, QUOTE, APOSTROPHE, SPACE] = [63, 33, 34, 39, 32]

/** A run of digits from `from` to `to`: a number, or what follows its point or comma. */
export function countStructureNumber(structure: Structure, read: string, from: number, to: number): void {
  const before = from > 1 && isDigit(read.charCodeAt(from - 2)) ? read.charCodeAt(from - 1) : 0
  if (before === POINT) {
    structure.decimals += 1
    return
  }
  if (before === COMMA && to - from === 3) {
    structure.sizes += THOUSAND
    return
  }
  // More than nine digits are told apart by how many they are alone.
  let value = 0
  for (let at = from; at < to && value < 1e9; at += 1) value = value * 10 + read.charCodeAt(at) - ZERO
  const size = value < LOGS.length ? LOGS[value]! : (to - from) * TENFOLD
  structure.numbers += 1
  structure.sizes += size
  if (size > structure.largest) structure.largest = size
  if (value > 12 && value % 5 !== 0) structure.crooked += 1
}

const isDigit = (code: number) => code >= 48 && code <= 57
const TENFOLD = 2.302585092994046
const THOUSAND = 3 * TENFOLD

export function countStructureMark(structure: Structure, read: string, code: number, at: number): void {
  if (code >= 128) return
  structure.marks[code] = structure.marks[code]! + 1
  if (structure.callAt >= 0 && (code === QUOTE || code === APOSTROPHE)) countQuote(structure, code, at)
  const next = read.charCodeAt(at + 1)
  // A dollar sign before a number is a price.
  if (code === BACKSLASH || code === CARET || (code === DOLLAR && !isDigit(next) && next !== SPACE))
    structure.isFormula = true
  if ((code === POINT || code === QUESTION || code === EXCLAMATION) && !(next > SPACE)) {
    structure.lastSentence = at - structure.sentenceAt
    structure.sentenceAt = at
  }
}

function countQuote(structure: Structure, code: number, at: number): void {
  if (structure.quoteAt < 0) {
    structure.quoteAt = at
    structure.quote = code
  } else if (code === structure.quote) {
    const size = at - structure.quoteAt - 1
    structure.quoteAt = -1
    structure.text += size
    if (size > structure.longestText) structure.longestText = size
  }
}
