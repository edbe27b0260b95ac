import { LIMITS } from '../../lib/limits.ts'
import {
  countStructureMark,
  countStructureNumber,
  countStructureWord,
  emptyStructure,
  type Structure,
} from './count-structure.ts'
import { exactLog } from './exact-math.ts'
import { FNV_OFFSET, hashStep, hashText } from './hash.ts'
import {
  closeOption,
  countLayoutNumber,
  emptyLayout,
  type Layout,
  LAYOUT_BUCKETS,
  LAYOUT_WEIGHT,
  layoutHashes,
  openOption,
  startsOption,
} from './layout-buckets.ts'
import { COUNTED_WORDS, FAMILY_OFFSET, type RequestShape, SHAPE_NAMES } from './shape-numbers.ts'
import { STRUCTURE_NAMES, writeStructure } from './structure-numbers.ts'

/** 2^14 places for words and pairs of words. The trainer and the server hash alike: this is the one place that does. */
export const BUCKETS = 1 << 14

/** Places that tell whether training has seen a word. */
export const WORD_PLACES = 1 << 16

/** What the predictor knows of a prompt. No word can be read back from it. */
export type Features = {
  /**
   * Buckets of words and pairs of words in the order of first sight, each once, then those of the layout. The weight of each: the
   * squares of the words' weights sum to 1.
   */
  readonly buckets: Uint16Array
  readonly weights: Float32Array
  /** One number for each of SHAPE_NAMES and of STRUCTURE_NAMES; NaN for what is counted only in prompts of another kind. */
  readonly shape: Float32Array
  /** Places of its words (not of numbers and marks), repeated as they are. */
  readonly words: Uint16Array
  readonly request: RequestShape
}

const MAX_READ = LIMITS.featureHeadCharacters + LIMITS.featureTailCharacters + 1

/** Counted words by hash, so that no string is made of a prompt. */
const countedByHash = new Map([...COUNTED_WORDS].map(([word, index]) => [hashText(word), index]))
const mayCount = new Uint8Array(4_096)
for (const hash of countedByHash.keys()) mayCount[hash >>> 20] = 1

const [OTHER, LETTER, CAPITAL, DIGIT, SPACE] = [0, 1, 2, 3, 4]
/** What each ASCII character is, looked up instead of compared. */
const KINDS = new Uint8Array(128)
for (let code = 0; code < 128; code += 1) {
  if (code >= 97 && code <= 122) KINDS[code] = LETTER
  else if (code >= 65 && code <= 90) KINDS[code] = CAPITAL
  else if (code >= 48 && code <= 57) KINDS[code] = DIGIT
  else if (code === 32 || (code >= 9 && code <= 13)) KINDS[code] = SPACE
}
const kindOf = (code: number) => (code < 128 ? KINDS[code]! : OTHER)

const [CODE_MARK, FORMULA_MARK] = [1, 2]
const MARKS = new Uint8Array(128)
for (const mark of '{}[]=;_`<>') MARKS[mark.charCodeAt(0)] = CODE_MARK
for (const mark of '\\$^') MARKS[mark.charCodeAt(0)] = FORMULA_MARK

/** A pair of tokens has the hash of both with a space between them; a number is `#` and how many digits it has. */
const [PAIR_MARK, NUMBER_MARK, ZERO] = [32, 35, 48]
const NUMBER_HASHES = Array.from({ length: 10 }, (_, length) => hashText(`#${length}`))

/** log(1 + n) for every count that a text of the longest length can reach. */
const LOGS = Float64Array.from({ length: MAX_READ + 2 }, (_, count) => exactLog(1 + count))
const logOf = (count: number) => (count < LOGS.length ? LOGS[count]! : exactLog(1 + count))

/** Counts of one prompt; filled and emptied within one synchronous call. */
const counts = new Uint16Array(BUCKETS)
const touched = new Uint16Array(2 * MAX_READ)
const seenWords = new Uint16Array(MAX_READ)

/** What is counted along the text. */
type Tally = Record<
  | 'distinct'
  | 'tokens'
  | 'words'
  | 'letters'
  | 'longest'
  | 'capitals'
  | 'digits'
  | 'punctuation'
  | 'foreign'
  | 'lines'
  | 'sentences'
  | 'questions'
  | 'numbers'
  | 'largeNumbers'
  | 'options'
  | 'code'
  | 'formulas'
  | 'last'
  | 'repeats'
  | 'longestRepeat',
  number
>

const emptyTally = (): Tally => ({
  distinct: 0,
  tokens: 0,
  words: 0,
  letters: 0,
  longest: 0,
  capitals: 0,
  digits: 0,
  punctuation: 0,
  foreign: 0,
  lines: 1,
  sentences: 0,
  questions: 0,
  numbers: 0,
  largeNumbers: 0,
  options: 0,
  code: 0,
  formulas: 0,
  last: 0,
  repeats: 0,
  longestRepeat: 0,
})

/** The head and the tail of a long text: the task stands at the start, the question often at the end. */
function cut(text: string): string {
  const { featureHeadCharacters: head, featureTailCharacters: tail } = LIMITS
  return text.length <= head + tail ? text : `${text.slice(0, head)}\n${text.slice(-tail)}`
}

/**
 * Reads a prompt once, at most 4,000 characters of it: words and pairs of words as hashed buckets (1 + log of the count,
 * length 1), and what can be counted beside them. A longer text costs no more.
 *
 * @param text the final turn of the user.
 * @example readFeatures({ text: 'What is the capital of France?', request: { turns: 1 } })
 */
export function readFeatures({ text, request = {} }: { text: string; request?: RequestShape }): Features {
  const read = cut(text)
  const shape = new Float32Array(SHAPE_NAMES.length + STRUCTURE_NAMES.length)
  const tally = emptyTally()
  const layout = emptyLayout()
  const structure = emptyStructure()
  countTokens({ read, tally, layout, structure, shape })
  const { buckets, weights } = takeBuckets(tally, layout, read.length)
  writeShape({ tally, shape, read: read.length, length: text.length })
  writeStructure({
    structure,
    options: layout.options,
    read: read.length,
    out: shape.subarray(SHAPE_NAMES.length),
  })
  return { buckets, weights, shape, words: seenWords.slice(0, tally.words), request }
}

/** Tokens are runs of letters, runs of digits (by their number) and single marks. */
function countTokens({
  read,
  tally,
  layout,
  structure,
  shape,
}: {
  read: string
  tally: Tally
  layout: Layout
  structure: Structure
  shape: Float32Array
}): void {
  const length = read.length
  // The hash of the token before and a space; 0 where there is none.
  let previous = 0
  let isLineStart = true
  let lineAt = 0
  let at = 0
  while (at < length) {
    const first = read.charCodeAt(at)
    const kind = kindOf(first)
    if (kind === SPACE) {
      if (first === 10) {
        tally.lines += 1
        isLineStart = true
        lineAt = at + 1
        closeOption(layout, at)
      }
      at += 1
      continue
    }
    let hash: number
    let pair = previous
    const start = at
    if (kind === LETTER || kind === CAPITAL) {
      hash = FNV_OFFSET
      for (let code = first; ; code = read.charCodeAt(at)) {
        const next = at < length ? kindOf(code) : OTHER
        if (next !== CAPITAL && next !== LETTER) break
        const lower = next === CAPITAL ? code + 32 : code
        if (next === CAPITAL) tally.capitals += 1
        hash = hashStep(hash, lower)
        pair = hashStep(pair, lower)
        at += 1
      }
      hash >>>= 0
      if (isLineStart && startsOption(read, start)) openOption(layout, start)
      else layout.isBlank = false
      countWord({ hash, size: at - start, after: isLineStart ? read.charCodeAt(at) : 0, tally, shape })
      if (isLineStart && start - lineAt > structure.indent) structure.indent = start - lineAt
      countStructureWord({ structure, hash, at: start, lines: tally.lines })
    } else if (kind === DIGIT) {
      while (at < length && kindOf(read.charCodeAt(at)) === DIGIT) at += 1
      const size = at - start
      tally.digits += size
      tally.numbers += 1
      if (size > 3) tally.largeNumbers += 1
      const digits = size < 9 ? size : 9
      hash = NUMBER_HASHES[digits]!
      pair = hashStep(hashStep(pair, NUMBER_MARK), ZERO + digits)
      countLayoutNumber(layout)
      countStructureNumber(structure, read, start, at)
    } else {
      at += 1
      hash = hashStep(FNV_OFFSET, first) >>> 0
      pair = hashStep(pair, first)
      countMark(first, tally)
      countStructureMark(structure, read, first, start)
    }
    isLineStart = false
    countToken(hash, tally)
    if (previous !== 0) countBucket(pair, tally)
    previous = hashStep(hash, PAIR_MARK)
  }
  closeOption(layout, length)
}

function countWord({
  hash,
  size,
  after,
  tally,
  shape,
}: {
  hash: number
  size: number
  after: number
  tally: Tally
  shape: Float32Array
}): void {
  seenWords[tally.words] = (hash ^ (hash >>> 16)) & (WORD_PLACES - 1)
  tally.words += 1
  tally.letters += size
  if (size > tally.longest) tally.longest = size
  // "A.", "b)" or "C:" at the start of a line.
  if (size === 1 && (after === 46 || after === 41 || after === 58)) tally.options += 1
  if (mayCount[hash >>> 20] === 0) return
  const index = countedByHash.get(hash)
  if (index !== undefined) shape[index] = shape[index]! + 1
}

function countMark(code: number, tally: Tally): void {
  if (code >= 128) {
    tally.foreign += 1
    return
  }
  tally.punctuation += 1
  if (code === 63) tally.questions += 1
  if (code === 63 || code === 33 || code === 46) tally.sentences += 1
  if (MARKS[code] === CODE_MARK) tally.code += 1
  else if (MARKS[code] === FORMULA_MARK) tally.formulas += 1
}

function countToken(hash: number, tally: Tally): void {
  tally.tokens += 1
  tally.repeats = hash === tally.last ? tally.repeats + 1 : 0
  tally.last = hash
  if (tally.repeats > tally.longestRepeat) tally.longestRepeat = tally.repeats
  countBucket(hash, tally)
}

const bucketOf = (hash: number) => (hash ^ (hash >>> 14)) & (BUCKETS - 1)

function countBucket(hash: number, tally: Tally): void {
  const bucket = bucketOf(hash)
  if (counts[bucket] === 0) touched[tally.distinct++] = bucket
  counts[bucket] = counts[bucket]! + 1
}

function takeBuckets(
  { distinct, tokens }: Tally,
  layout: Layout,
  read: number,
): Pick<Features, 'buckets' | 'weights'> {
  const more = tokens > 0 ? LAYOUT_BUCKETS : 0
  const buckets = new Uint16Array(distinct + more)
  const weights = new Float32Array(distinct + more)
  let squares = 0
  for (let index = 0; index < distinct; index += 1) {
    const bucket = touched[index]!
    const weight = 1 + LOGS[counts[bucket]! - 1]!
    buckets[index] = bucket
    weights[index] = weight
    squares += weight * weight
    counts[bucket] = 0
  }
  const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0
  for (let index = 0; index < distinct; index += 1) weights[index] = weights[index]! * scale
  if (more > 0) buckets.set(layoutHashes(layout, read).map(bucketOf), distinct)
  weights.fill(LAYOUT_WEIGHT, distinct)
  return { buckets, weights }
}

/** In the order of SHAPE_NAMES. */
function writeShape({
  tally,
  shape,
  read,
  length,
}: {
  tally: Tally
  shape: Float32Array
  read: number
  length: number
}): void {
  const perCharacter = read > 0 ? 1 / read : 0
  const { words, tokens } = tally
  shape.set([
    logOf(length),
    logOf(words),
    words > 0 ? tally.letters / words : 0,
    Math.min(tally.longest, 40),
    tally.digits * perCharacter,
    tally.capitals * perCharacter,
    tally.punctuation * perCharacter,
    tally.foreign * perCharacter,
    tokens > 0 ? tally.distinct / (2 * tokens) : 0,
    logOf(tally.lines),
    logOf(tally.sentences),
    logOf(tally.questions),
    logOf(tally.numbers),
    logOf(tally.largeNumbers),
    Math.min(tally.options, 12),
    logOf(tally.code),
    logOf(tally.formulas),
    logOf(tally.longestRepeat),
  ])
  for (let index = FAMILY_OFFSET; index < SHAPE_NAMES.length; index += 1) shape[index] = logOf(shape[index]!)
}
