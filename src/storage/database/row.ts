import type { Row } from './database.ts'

/** Reads a numeric or bigint column; the drivers give strings, numbers or bigints. */
export const big = (value: unknown): bigint => BigInt(value as string | number | bigint)
export const integer = (value: unknown): number => Number(value)

/** `{[key]: value}`, or nothing where the column is null: our types have optional members, never null ones. */
export function optional<Key extends string, Value>(
  key: Key,
  value: unknown,
  read: (value: unknown) => Value,
): { [K in Key]?: Value } {
  const none: { [K in Key]?: Value } = {}
  return value === null || value === undefined ? none : { ...none, [key]: read(value) }
}

/** Text whose form the writer guaranteed: hex, a network, a word of a union. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller's type names that form
export const text = <Text extends string>(value: unknown) => String(value) as Text

/** The only row of a query that must have one. */
export function single(rows: readonly Row[]): Row {
  const [row] = rows
  if (!row) throw new Error('The database answered without the row that it had to give.')
  return row
}
