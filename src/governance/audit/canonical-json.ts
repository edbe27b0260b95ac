/** What can be in an audit entry. Amounts are decimal strings: JSON's numbers are floats. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue }

/** By UTF-16 code units, which is what comparing strings does. */
const byCodeUnits = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)

function textOf(text: string): string {
  if (!text.isWellFormed()) throw new RangeError('A lone surrogate has no canonical form.')
  return JSON.stringify(text)
}

/**
 * JSON in its one canonical form (RFC 8785): names sorted by UTF-16 code units, no space, strings as JSON.stringify writes them. Of numbers
 * only safe integers are taken, so nobody has to agree on how a float is written. What JSON would drop in silence is refused: undefined,
 * functions, bigints, dates.
 *
 * @throws RangeError for anything else than a {@link JsonValue}; a fault of ours, never of a caller's.
 * @example canonicalJson({ b: 1, a: 'ü' }) // '{"a":"ü","b":1}'
 */
export function canonicalJson(value: JsonValue): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return textOf(value)
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new RangeError('Only safe integers have a canonical form here.')
    return JSON.stringify(value)
  }
  if (Array.isArray(value)) return `[${Array.from(value as readonly JsonValue[], canonicalJson).join(',')}]`
  const prototype: unknown = typeof value === 'object' ? Object.getPrototypeOf(value) : undefined
  if (prototype !== Object.prototype && prototype !== null)
    throw new RangeError('Only plain values have a canonical form here.')
  const members = Object.entries(value as { readonly [name: string]: JsonValue })
    .sort(([one], [other]) => byCodeUnits(one, other))
    .map(([name, member]) => `${textOf(name)}:${canonicalJson(member)}`)
  return `{${members.join(',')}}`
}
