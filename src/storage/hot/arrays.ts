/**
 * Array literals of Postgres, written by hand: the hot statements take one array per column, and the drivers' own
 * writers cost several times as much per element.
 */
const NEEDS_ESCAPE = /["\\]/

const quoted = (value: string) =>
  NEEDS_ESCAPE.test(value) ? `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"` : `"${value}"`

/** `text[]`; undefined is null. */
export function textArray<Item>(items: readonly Item[], read: (item: Item) => string | undefined): string {
  let literal = ''
  for (const item of items) {
    const value = read(item)
    literal += literal === '' ? '' : ','
    literal += value === undefined ? 'NULL' : quoted(value)
  }
  return `{${literal}}`
}

/** Arrays of integers and of numeric; undefined is null. */
export function numberArray<Item>(
  items: readonly Item[],
  read: (item: Item) => bigint | number | undefined,
): string {
  let literal = ''
  for (const item of items) {
    literal += literal === '' ? '' : ','
    literal += read(item) ?? 'NULL'
  }
  return `{${literal}}`
}

export function booleanArray<Item>(items: readonly Item[], read: (item: Item) => boolean): string {
  let literal = ''
  for (const item of items) literal += (literal === '' ? '' : ',') + (read(item) ? 't' : 'f')
  return `{${literal}}`
}

/** `bytea[]`, in hex. */
export function bytesArray<Item>(items: readonly Item[], read: (item: Item) => Uint8Array): string {
  let literal = ''
  for (const item of items) {
    const bytes = read(item)
    const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
    literal += `${literal === '' ? '' : ','}"\\\\x${hex}"`
  }
  return `{${literal}}`
}
