import { logOf, type Structure } from './count-structure.ts'
import { type Group, PLACE } from './structure-words.ts'

/** What a prompt is made like, where that says how hard it is: a program, or a tale with numbers. */
const KINDS = ['code', 'tale'] as const
type Kind = (typeof KINDS)[number]

const CODE_GROUPS: readonly Group[] = [
  'branch',
  'otherwise',
  'logic',
  'change',
  'add',
  'sort',
  'reverse',
  'join',
  'split',
  'replace',
  'find',
  'strip',
  'letters',
  'test',
  'pad',
  'encode',
  'pairs',
  'range',
]
const CODE = [
  'lines',
  'indent',
  'loops',
  'calls',
  'brackets',
  'operators',
  'comparisons',
  'argument',
  'argumentLongest',
  'argumentText',
  'argumentCommas',
  'argumentBrackets',
  'argumentNumbers',
  'argumentMarks',
  'loopsByArgument',
  'loopsByCommas',
  ...CODE_GROUPS,
] as const
const TALE = [
  'characters',
  'numbers',
  'largest',
  'sizes',
  'crooked',
  'decimals',
  'percents',
  'dollars',
  'each',
  'times',
  'more',
  'totals',
  'left',
  'time',
  'shares',
  'lastSentence',
] as const

/** Names of the numbers, in the order in which they stand; those of other kinds than the prompt's are NaN. */
export const STRUCTURE_NAMES: readonly string[] = [
  ...CODE.map((name) => `code:${name}`),
  ...TALE.map((name) => `tale:${name}`),
]
const OFFSETS: Record<Kind, number> = { code: 0, tale: CODE.length }

/** Writes the numbers of the prompt's kind, and NaN for those of the others. */
export function writeStructure({
  structure,
  options,
  read,
  out,
}: {
  structure: Structure
  options: number
  read: number
  /** One place for each of STRUCTURE_NAMES. */
  out: Float32Array
}): void {
  out.fill(NaN)
  const kind = kindOf(structure, options)
  if (kind === undefined) return
  out.set(kind === 'code' ? codeOf(structure, read) : taleOf(structure, read), OFFSETS[kind])
}

function kindOf({ groups, isFormula, numbers }: Structure, options: number): Kind | undefined {
  if (options > 1) return undefined
  if (groups[PLACE.function]! > 0 && groups[PLACE.result]! > 0) return 'code'
  return numbers > 0 && !isFormula ? 'tale' : undefined
}

const sumOf = (counts: Uint16Array, marks: string) => {
  let sum = 0
  for (let at = 0; at < marks.length; at += 1) sum += counts[marks.charCodeAt(at)]!
  return sum
}

function codeOf(structure: Structure, read: number): number[] {
  const { groups, marks, callAt, marksBefore } = structure
  const body = callAt < 0 ? marks : marksBefore
  const inCall = (which: string) => (callAt < 0 ? 0 : sumOf(marks, which) - sumOf(marksBefore, which))
  const argument = callAt < 0 ? 0 : logOf(read - callAt)
  const commas = logOf(inCall(','))
  const loops = groups[PLACE.loop]! + groups[PLACE.until]!
  return [
    logOf(structure.linesBefore),
    structure.indent,
    loops,
    logOf(sumOf(body, '(')),
    logOf(sumOf(body, '[')),
    logOf(sumOf(body, '+-*/%')),
    logOf(sumOf(body, '=<>!')),
    argument,
    logOf(structure.longestText),
    logOf(structure.text),
    commas,
    logOf(inCall('[{')),
    logOf(structure.numbers - structure.numbersBefore),
    logOf(inCall('.-+*/!?#@$%&_:;')),
    loops * argument,
    loops * commas,
    ...CODE_GROUPS.map((group) => groups[PLACE[group]]!),
  ]
}

function taleOf(structure: Structure, read: number): number[] {
  const { groups, marks, sentenceAt } = structure
  const rest = read - sentenceAt
  return [
    logOf(read),
    logOf(structure.numbers),
    structure.largest,
    structure.sizes,
    logOf(structure.crooked),
    logOf(structure.decimals),
    logOf(sumOf(marks, '%')),
    logOf(sumOf(marks, '$')),
    logOf(groups[PLACE.each]!),
    logOf(groups[PLACE.times]!),
    logOf(groups[PLACE.more]!),
    logOf(groups[PLACE.total]!),
    logOf(groups[PLACE.left]!),
    logOf(groups[PLACE.time]!),
    logOf(groups[PLACE.share]!),
    logOf(rest > 3 ? rest : structure.lastSentence),
  ]
}
