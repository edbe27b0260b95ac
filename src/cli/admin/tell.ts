import { printTable } from '../table.ts'
import type { Row } from './ask.ts'

export const write = (text: string) => process.stdout.write(`${text}\n`)
export const printJson = (value: unknown) => write(JSON.stringify(value))

/** A value of a table or a page: nothing is a dash, lists are joined. */
export function cellOf(value: unknown): string {
  if (value === null || value === undefined) return '-'
  if (Array.isArray(value)) return value.map((one) => cellOf(one)).join(',')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** A list: for people a table of some columns, else everything. */
export function tellRows({
  rows,
  columns,
  json,
}: {
  rows: readonly Row[]
  columns: Readonly<Record<string, (row: Row) => unknown>>
  json: boolean
}): void {
  if (json) printJson({ data: rows })
  else if (rows.length === 0) write('There is none.')
  else
    printTable(
      Object.keys(columns),
      rows.map((row) => Object.values(columns).map((read) => cellOf(read(row)))),
    )
}

/** One record: for people its fields, each on a line. @param note what is to be said with it. */
export function tellRow({ row, json, note }: { row: Row; json: boolean; note?: string }): void {
  if (json) {
    printJson(row)
    return
  }
  const entries = Object.entries(row).filter(([name]) => name !== 'object')
  const width = Math.max(...entries.map(([name]) => name.length))
  for (const [name, value] of entries) write(`${name.padEnd(width)}  ${cellOf(value)}`)
  if (note !== undefined) write(`\n${note}`)
}

const BAR_CHARS = 10

/** How much of a limit is spent (█) and held (▒). */
export function barOf({ spent, held, limit }: { spent: number; held: number; limit: number }): string {
  const share = (amount: number) => (limit > 0 ? Math.min(1, amount / limit) : 1)
  const full = Math.round(share(spent) * BAR_CHARS)
  const taken = Math.max(full, Math.round(share(spent + held) * BAR_CHARS))
  return `${'█'.repeat(full)}${'▒'.repeat(taken - full)}${'░'.repeat(BAR_CHARS - taken)}`
}
