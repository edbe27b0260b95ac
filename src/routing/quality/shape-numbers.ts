/** What of a request is no text: benchmarks lack it, agents send it, so it only closes the gate. Absent: one plain question. */
export type RequestShape = {
  readonly turns?: number
  readonly toolCount?: number
  /** Characters of tool results among all characters, from 0 to 1. */
  readonly toolResultShare?: number
  readonly hasResponseFormat?: boolean
}

/** Families of words whose share says what is wanted. A word belongs to one family. */
export const WORD_FAMILIES: Readonly<Record<string, readonly string[]>> = {
  reasoning:
    'prove proof derive deduce infer explain why because therefore thus hence reason logic logical argument valid premise conclusion step steps analyze analysis compare evaluate assume suppose clue clues'.split(
      ' ',
    ),
  simple:
    'define list name capital color who when where year date translate synonym spell meaning called born located'.split(
      ' ',
    ),
  creative:
    'write story poem essay song imagine creative blog email letter dialogue character novel roleplay pretend style sentence sentences'.split(
      ' ',
    ),
  constraint:
    'must only exactly least most maximum minimum without except always never not cannot should avoid limit between'.split(
      ' ',
    ),
  imperative:
    'find calculate compute determine solve give show complete implement create generate make choose select identify describe summarize'.split(
      ' ',
    ),
  format:
    'json xml csv table format boxed bullet markdown html yaml schema field fields output input return returns'.split(
      ' ',
    ),
  law: 'court law legal plaintiff defendant contract statute liability negligence tort crime criminal jury appeal evidence property landlord constitution amendment'.split(
    ' ',
  ),
  medicine:
    'patient disease symptoms treatment diagnosis clinical blood pain cell cells cancer infection drug dose medical physician syndrome therapy virus bacteria'.split(
      ' ',
    ),
  physics:
    'velocity force energy mass acceleration temperature pressure voltage current electron magnetic electric wave frequency wavelength momentum kg meters gas heat density charge'.split(
      ' ',
    ),
  quantity:
    'total each many much cost costs per times twice half percent dollars more less sum remaining left hours minutes days price'.split(
      ' ',
    ),
  mathematics:
    'integer integers polynomial triangle matrix vector function real prime theorem group ring field probability angle circle equation derivative integral graph sequence log sin cos frac sqrt'.split(
      ' ',
    ),
  society:
    'economy market demand supply income tax policy government political war president king century theory moral ethics religion social behavior psychologist learning memory'.split(
      ' ',
    ),
}

const QUESTION_WORDS = ['what', 'which', 'who', 'when', 'where', 'why', 'how'] as const

const TEXT_NUMBERS = [
  'logCharacters',
  'logWords',
  'meanWordLength',
  'maxWordLength',
  'digitShare',
  'capitalShare',
  'punctuationShare',
  'otherScriptShare',
  'distinctShare',
  'logLines',
  'logSentences',
  'questionMarks',
  'numbers',
  'largeNumbers',
  'optionLines',
  'codeMarks',
  'formulaMarks',
  'longestRepeat',
] as const

/** Names of the shape numbers, in the order of `Features.shape`. */
export const SHAPE_NAMES: readonly string[] = [
  ...TEXT_NUMBERS,
  ...Object.keys(WORD_FAMILIES).map((family) => `family:${family}`),
  ...QUESTION_WORDS.map((word) => `asks:${word}`),
]

export const FAMILY_OFFSET = TEXT_NUMBERS.length

/** Words that count towards a shape number, and which. */
export const COUNTED_WORDS: ReadonlyMap<string, number> = new Map([
  ...Object.values(WORD_FAMILIES).flatMap((words, family) =>
    words.map((word) => [word, FAMILY_OFFSET + family] as const),
  ),
  ...QUESTION_WORDS.map(
    (word, index) => [word, FAMILY_OFFSET + Object.keys(WORD_FAMILIES).length + index] as const,
  ),
])
