import { LIMITS } from '../../lib/limits.ts'
import { FNV_OFFSET, hashStep, hashText, mixHashes } from './hash.ts'
import { COUNTED_WORDS, FAMILY_OFFSET, REQUEST_OFFSET, type RequestShape, SHAPE_NAMES } from './shape-numbers.ts'

/** 2^14 places for words and pairs of words. The trainer and the server hash alike: this is the one place that does. */
export const BUCKETS = 1 << 14

/** What the predictor knows of a prompt. No word can be read back from it. */
export type PromptFeatures = {
  /** Distinct buckets in the order of first sight, and the weight of each; the weights' squares sum to 1. */
  readonly buckets: Uint16Array
  readonly weights: Float32Array
  /** One number for each of SHAPE_NAMES. */
  readonly shape: Float32Array
}

/** Counted words by hash, so that no string is made of a prompt. */
const countedByHash = new Map([...COUNTED_WORDS].map(([word, index]) => [hashText(word), index]))
const mayCount = new Uint8Array(4_096)
for (const hash of countedByHash.keys()) mayCount[hash >>> 20] = 1

const OTHER = 0
const LETTER = 1
const CAPITAL = 2
const DIGIT = 3
const SPACE = 4
/** What each ASCII character is, looked up instead of compared. */
const KINDS = new Uint8Array(128)
for (let code = 0; code < 128; code += 1) {
  if (code >= 97 && code <= 122) KINDS[code] = LETTER
  else if (code >= 65 && code <= 90) KINDS[code] = CAPITAL
  else if (code >= 48 && code <= 57) KINDS[code] = DIGIT
  else if (code === 32 || (code >= 9 && code <= 13)) KINDS[code] = SPACE
}

const CODE_MARKS = new Set([...'{}[]=;_`<>'].map((mark) => mark.charCodeAt(0)))
const FORMULA_MARKS = new Set([...'\\$^'].map((mark) => mark.charCodeAt(0)))
const MARKS = new Uint8Array(128)
for (const code of CODE_MARKS) MARKS[code] = 1
for (const code of FORMULA_MARKS) MARKS[code] = 2

const NUMBER_HASHES = Array.from({ length: 10 }, (_, length) => hashText(`#${length}`))

/** Counts of one prompt; filled and emptied within one synchronous call. */
const counts = new Uint16Array(BUCKETS)
const touched = new Uint16Array(2 * (LIMITS.featureHeadCharacters + LIMITS.featureTailCharacters) + 4)

const log1p = Math.log1p

/** The head and the tail of a long text: the task stands at the start, the question often at the end. */
function cut(text: string): string {
  const { featureHeadCharacters: head, featureTailCharacters: tail } = LIMITS
  return text.length <= head + tail ? text : `${text.slice(0, head)}\n${text.slice(-tail)}`
}

/**
 * Reads a prompt once, at most 4,000 characters of it: words and pairs of words as hashed buckets (1 + log of the count,
 * length 1), and what can be counted beside them.
 *
 * @param text the final turn of the user.
 * @example readFeatures({ text: 'What is the capital of France?', shape: { turns: 1 } })
 */
export function readFeatures({ text, shape: request = {} }: { text: string; shape?: RequestShape }): PromptFeatures {
  const read = cut(text)
  const length = read.length
  const shape = new Float32Array(SHAPE_NAMES.length)
  let distinct = 0
  let previous = 0
  let words = 0
  let letters = 0
  let longest = 0
  let capitals = 0
  let digits = 0
  let punctuation = 0
  let foreign = 0
  let lines = 1
  let sentences = 0
  let questions = 0
  let numbers = 0
  let largeNumbers = 0
  let options = 0
  let code = 0
  let formulas = 0
  let repeats = 0
  let longestRepeat = 0
  let tokens = 0
  let at = 0
  let lineStart = true
  while (at < length) {
    const first = read.charCodeAt(at)
    const kind = first < 128 ? (KINDS[first] ?? OTHER) : OTHER
    if (kind === SPACE) {
      if (first === 10) {
        lines += 1
        lineStart = true
      }
      at += 1
      continue
    }
    let hash = FNV_OFFSET
    if (kind === LETTER || kind === CAPITAL) {
      const start = at
      for (;;) {
        const next = at < length ? read.charCodeAt(at) : 0
        const nextKind = next < 128 ? (KINDS[next] ?? OTHER) : OTHER
        if (nextKind === CAPITAL) {
          capitals += 1
          hash = hashStep(hash, next + 32)
        } else if (nextKind === LETTER) hash = hashStep(hash, next)
        else break
        at += 1
      }
      hash >>>= 0
      const size = at - start
      words += 1
      letters += size
      if (size > longest) longest = size
      if (size === 1 && lineStart) {
        const after = read.charCodeAt(at)
        if (after === 46 || after === 41 || after === 58) options += 1
      }
      if (mayCount[hash >>> 20] === 1) {
        const index = countedByHash.get(hash)
        if (index !== undefined) shape[index] = (shape[index] ?? 0) + 1
      }
    } else if (kind === DIGIT) {
      const start = at
      while (at < length && KINDS[read.charCodeAt(at)] === DIGIT) at += 1
      const size = at - start
      digits += size
      numbers += 1
      if (size > 3) largeNumbers += 1
      hash = NUMBER_HASHES[size < 9 ? size : 9] ?? 0
    } else {
      at += 1
      hash = hashStep(hash, first) >>> 0
      if (first < 128) {
        punctuation += 1
        if (first === 63) questions += 1
        if (first === 63 || first === 33 || first === 46) sentences += 1
        const mark = MARKS[first]
        if (mark === 1) code += 1
        else if (mark === 2) formulas += 1
      } else foreign += 1
    }
    lineStart = false
    tokens += 1
    if (hash === previous) {
      repeats += 1
      if (repeats > longestRepeat) longestRepeat = repeats
    } else repeats = 0
    const single = (hash ^ (hash >>> 14)) & (BUCKETS - 1)
    if (counts[single] === 0) touched[distinct++] = single
    counts[single] = (counts[single] ?? 0) + 1
    if (previous !== 0) {
      const both = mixHashes(previous, hash)
      const pair = (both ^ (both >>> 14)) & (BUCKETS - 1)
      if (counts[pair] === 0) touched[distinct++] = pair
      counts[pair] = (counts[pair] ?? 0) + 1
    }
    previous = hash
  }

  const buckets = touched.slice(0, distinct)
  const weights = new Float32Array(distinct)
  let squares = 0
  for (let index = 0; index < distinct; index += 1) {
    const bucket = buckets[index] ?? 0
    const count = counts[bucket] ?? 1
    const weight = count === 1 ? 1 : 1 + Math.log(count)
    weights[index] = weight
    squares += weight * weight
    counts[bucket] = 0
  }
  const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0
  for (let index = 0; index < distinct; index += 1) weights[index] = (weights[index] ?? 0) * scale

  const perCharacter = length > 0 ? 1 / length : 0
  shape[0] = log1p(text.length)
  shape[1] = log1p(words)
  shape[2] = words > 0 ? letters / words : 0
  shape[3] = Math.min(longest, 40)
  shape[4] = digits * perCharacter
  shape[5] = capitals * perCharacter
  shape[6] = punctuation * perCharacter
  shape[7] = foreign * perCharacter
  shape[8] = tokens > 0 ? distinct / (2 * tokens) : 0
  shape[9] = log1p(lines)
  shape[10] = log1p(sentences)
  shape[11] = log1p(questions)
  shape[12] = log1p(numbers)
  shape[13] = log1p(largeNumbers)
  shape[14] = Math.min(options, 12)
  shape[15] = log1p(code)
  shape[16] = log1p(formulas)
  shape[17] = log1p(longestRepeat)
  for (let index = FAMILY_OFFSET; index < REQUEST_OFFSET; index += 1) shape[index] = log1p(shape[index] ?? 0)
  shape[REQUEST_OFFSET] = log1p((request.turns ?? 1) - 1)
  shape[REQUEST_OFFSET + 1] = log1p(request.toolCount ?? 0)
  shape[REQUEST_OFFSET + 2] = log1p(request.requiredArguments ?? 0)
  shape[REQUEST_OFFSET + 3] = request.schemaDepth ?? 0
  shape[REQUEST_OFFSET + 4] = request.toolResultShare ?? 0
  shape[REQUEST_OFFSET + 5] = request.hasResponseFormat ? 1 : 0
  return { buckets, weights, shape }
}
