import { hashText } from './hash.ts'

/** Words that are counted together: those of programs, then those of tales with numbers. A word belongs to one group. */
const GROUPS = {
  function: 'def',
  result: 'return',
  call: 'assert',
  loop: 'for',
  until: 'while',
  branch: 'if elif',
  otherwise: 'else',
  logic: 'and or not in',
  change: 'pop remove insert del break continue try except update clear',
  add: 'append extend add',
  sort: 'sort sorted',
  reverse: 'reverse reversed',
  join: 'join',
  split: 'split splitlines partition rpartition rsplit',
  replace: 'replace translate maketrans',
  find: 'find rfind index rindex count startswith endswith',
  strip: 'strip lstrip rstrip removeprefix removesuffix',
  letters: 'upper lower swapcase title capitalize casefold',
  test: 'isupper islower isalpha isdigit isnumeric isalnum isspace istitle isdecimal isascii isidentifier',
  pad: 'center ljust rjust zfill format expandtabs',
  encode: 'encode decode ord chr',
  pairs: 'dict items keys values get setdefault',
  range: 'range enumerate zip len',
  each: 'each every per apiece',
  times: 'twice double triple times half third quarter fourth fifth thrice',
  more: 'more less fewer older younger longer than additional extra',
  total: 'total altogether all combined together',
  left: 'left remain remaining remains rest over spent gave',
  time: 'hour hours minute minutes day days week weeks month months year years',
  share: 'percent percentage ratio average discount tax interest profit rate speed',
} as const
export type Group = keyof typeof GROUPS
export const GROUP_NAMES = Object.keys(GROUPS) as Group[]
export const PLACE = Object.fromEntries(GROUP_NAMES.map((group, place) => [group, place])) as Record<
  Group,
  number
>
const groupByHash = new Map(
  Object.entries(GROUPS).flatMap(([group, words]) =>
    words.split(' ').map((word) => [hashText(word), PLACE[group as Group]] as const),
  ),
)
const mayCount = new Uint8Array(4_096)
for (const hash of groupByHash.keys()) mayCount[hash >>> 20] = 1

/** The place of a word's group by the word's hash; undefined for nearly all words. */
export const groupOf = (hash: number): number | undefined =>
  mayCount[hash >>> 20] === 0 ? undefined : groupByHash.get(hash)
