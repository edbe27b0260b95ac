import type { Row, Sql } from '../database/database.ts'
import { INVARIANTS } from './invariants.ts'

/** One invariant's answer: `rows` are the violations. */
export type InvariantResult = {
  readonly name: string
  readonly says: string
  readonly ok: boolean
  readonly rows: readonly Row[]
}

/** Runs every invariant, one after the other, each on its own snapshot. */
export async function checkInvariants({
  sql,
  nowMs,
}: {
  sql: Sql
  nowMs: number
}): Promise<readonly InvariantResult[]> {
  const results: InvariantResult[] = []
  for (const { name, says, sql: statement } of INVARIANTS) {
    const rows = await sql.query(statement, [nowMs])
    results.push({ name, says, ok: rows.length === 0, rows })
  }
  return results
}
