import { createHash } from 'node:crypto'
import { WORDS, type WordKind } from './vocabulary.ts'

/** A shape of a sentence: kinds of words, and signs as they are. */
const SENTENCES: readonly (readonly (WordKind | ',')[])[] = [
  ['openers', 'adjectives', 'nouns', 'verbs', 'determiners', 'nouns'],
  ['openers', 'nouns', 'adverbs', 'verbs', 'determiners', 'adjectives', 'nouns'],
  ['openers', 'nouns', 'verbs', 'determiners', 'nouns', 'prepositions', 'determiners', 'adjectives', 'nouns'],
  [
    'openers',
    'nouns',
    'verbs',
    'determiners',
    'nouns',
    ',',
    'joiners',
    'determiners',
    'adjectives',
    'nouns',
    'verbs',
    'determiners',
    'nouns',
  ],
]

/** A small generator of numbers in [0, 1) that is the same everywhere (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/**
 * English-looking text as a list of chunks, each exactly one o200k token, also when they are read as one text.
 *
 * @param seed anything: the same seed gives the same text.
 * @param minTokens @param maxTokens bounds of the length where nothing cuts it.
 * @param cap the caller's output cap in tokens.
 */
export function simulatedText({
  seed,
  minTokens,
  maxTokens,
  cap,
}: {
  seed: string
  minTokens: number
  maxTokens: number
  cap: number
}): { tokens: readonly string[]; finishReason: 'stop' | 'length' } {
  const random = createRandom(createHash('sha256').update(seed).digest().readUInt32LE(0))
  const pick = <Item>(items: readonly Item[]) => items[Math.floor(random() * items.length)] as Item
  const wanted = minTokens + Math.floor(random() * (maxTokens - minTokens + 1))
  const count = Math.min(wanted, cap)
  const tokens: string[] = []
  while (tokens.length < count) {
    for (const kind of pick(SENTENCES)) {
      if (kind === ',') tokens.push(',')
      else tokens.push(tokens.length === 0 ? pick(WORDS[kind]) : ` ${pick(WORDS[kind])}`)
    }
    tokens.push('.')
  }
  tokens.length = count
  if (cap < wanted) return { tokens, finishReason: 'length' }
  if (count > 1) {
    // Two signs in a row would be read as one token.
    if (/^[.,]$/.test(tokens[count - 2] ?? '')) tokens[count - 2] = ` ${pick(WORDS.adverbs)}`
    tokens[count - 1] = '.'
  }
  return { tokens, finishReason: 'stop' }
}
