import { TurnpikeError } from './errors/turnpike-error.ts'
import { LIMITS } from './limits.ts'

/** Where a top-level member of a JSON object stands in its text: offsets into the string, end exclusive. */
export type JsonMember = {
  readonly key: string
  readonly keyStart: number
  readonly valueStart: number
  readonly valueEnd: number
}

const QUOTE = 34
const COMMA = 44
const BACKSLASH = 92
const OPEN_BRACKET = 91
const CLOSE_BRACKET = 93
const OPEN_BRACE = 123
const CLOSE_BRACE = 125

/** Space, tab, line feed and carriage return are the only white space of JSON, and all of them are at most 32. */
const isSpace = (code: number) => code <= 32

const broken = () => new TurnpikeError('invalid_json')

function skipSpace(text: string, from: number): number {
  let index = from
  while (index < text.length && isSpace(text.charCodeAt(index))) index += 1
  return index
}

/** The index after the closing quote of the string that opens at `start`. */
function stringEnd(text: string, start: number): number {
  let quote = text.indexOf('"', start + 1)
  while (quote !== -1) {
    let slash = quote - 1
    while (slash > start && text.charCodeAt(slash) === BACKSLASH) slash -= 1
    if ((quote - 1 - slash) % 2 === 0) return quote + 1
    quote = text.indexOf('"', quote + 1)
  }
  throw broken()
}

/** The index after the object or array that opens at `start`; `depth` counts the levels around it. */
function nestedEnd(text: string, start: number): number {
  let depth = 2
  let index = start + 1
  while (index < text.length) {
    const code = text.charCodeAt(index)
    if (code === QUOTE) {
      index = stringEnd(text, index)
      continue
    }
    index += 1
    if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      depth += 1
      if (depth > LIMITS.jsonDepth) {
        throw new TurnpikeError('invalid_json', {
          message: `The body is nested deeper than ${LIMITS.jsonDepth} levels.`,
        })
      }
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      depth -= 1
      if (depth === 1) return index
    }
  }
  throw broken()
}

function scalarEnd(text: string, start: number): number {
  let index = start
  while (index < text.length) {
    const code = text.charCodeAt(index)
    if (code === COMMA || code === CLOSE_BRACE || isSpace(code)) return index
    index += 1
  }
  throw broken()
}

function valueEnd(text: string, start: number): number {
  const code = text.charCodeAt(start)
  if (code === QUOTE) return stringEnd(text, start)
  if (code === OPEN_BRACE || code === OPEN_BRACKET) return nestedEnd(text, start)
  return scalarEnd(text, start)
}

/** A key as the reader of the bytes sees it: written without escapes, so that no other reader sees another key. */
function keyAt(text: string, start: number, end: number): string {
  const key = text.slice(start + 1, end - 1)
  if (key.includes('\\')) throw new TurnpikeError('ambiguous_json')
  return key
}

/**
 * Finds the top-level members of a JSON object in one pass, without building anything.
 *
 * The text must have passed JSON.parse: this reads structure and does not validate values. Nothing here is trusted on
 * doubt: a key that repeats, or that is written with a backslash (`"\u006dodel"`), could be read as another request by
 * the next reader, so it is refused.
 *
 * @throws TurnpikeError `ambiguous_json` as above; `invalid_json` where the text is no object, or is nested deeper
 * than LIMITS.jsonDepth.
 * @example scanMembers('{"a": 1}') // [{ key: 'a', keyStart: 1, valueStart: 6, valueEnd: 7 }]
 */
export function scanMembers(text: string): JsonMember[] {
  const members: JsonMember[] = []
  const seen = new Set<string>()
  let index = skipSpace(text, 0)
  if (text.charCodeAt(index) !== OPEN_BRACE) throw broken()
  index = skipSpace(text, index + 1)
  while (text.charCodeAt(index) !== CLOSE_BRACE) {
    if (text.charCodeAt(index) === COMMA) index = skipSpace(text, index + 1)
    if (text.charCodeAt(index) !== QUOTE) throw broken()
    const keyStart = index
    const keyEnd = stringEnd(text, keyStart)
    const key = keyAt(text, keyStart, keyEnd)
    if (seen.has(key)) throw new TurnpikeError('ambiguous_json')
    seen.add(key)
    const valueStart = skipSpace(text, skipSpace(text, keyEnd) + 1)
    const end = valueEnd(text, valueStart)
    members.push({ key, keyStart, valueStart, valueEnd: end })
    index = skipSpace(text, end)
  }
  return members
}

/**
 * Writes other values into a JSON object and leaves every other byte as it is. Keys that are not there yet are added
 * at the end; `undefined` removes a member together with its comma.
 *
 * @param members of this very text, from {@link scanMembers}.
 * @param replace JSON texts by key; they are spliced in as they are.
 * @example replaceMembers({ text, members, replace: { model: '"gpt-4o"', budget: undefined } })
 */
export function replaceMembers({
  text,
  members,
  replace,
}: {
  text: string
  members: readonly JsonMember[]
  replace: Readonly<Record<string, string | undefined>>
}): string {
  const first = members[0]
  const last = members.at(-1)
  const openEnd = text.indexOf('{') + 1
  let written = first ? text.slice(0, first.keyStart) : text.slice(0, openEnd)
  let isEmpty = true
  let previousEnd = first?.keyStart ?? openEnd
  for (const member of members) {
    const isReplaced = Object.hasOwn(replace, member.key)
    const value = isReplaced ? replace[member.key] : text.slice(member.valueStart, member.valueEnd)
    if (value !== undefined) {
      if (!isEmpty) written += text.slice(previousEnd, member.keyStart)
      written += text.slice(member.keyStart, member.valueStart) + value
      isEmpty = false
    }
    previousEnd = member.valueEnd
  }
  const known = new Set(members.map(({ key }) => key))
  for (const [key, value] of Object.entries(replace)) {
    if (value === undefined || known.has(key)) continue
    written += `${isEmpty ? '' : ','}${JSON.stringify(key)}:${value}`
    isEmpty = false
  }
  return written + text.slice(last ? last.valueEnd : openEnd)
}
