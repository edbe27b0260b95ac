import type { SettlementStore } from '../../settlement/ports.ts'
import type { Database } from '../database/database.ts'

type Request = Parameters<SettlementStore['replaceBytes']>[0]

/** Stores bytes with a higher fee in a signed transaction's row, and keeps the earlier ones, in one commit. */
export function replaceBytes({
  database,
  request: { id, hash, by, maxCostWei, atMs },
}: {
  database: Database
  request: Request
}): Promise<boolean> {
  return database.transaction(async (sql) => {
    const [row] = await sql.query(
      `select raw from transactions where id = $1 and hash = $2 and state = 'signed' for update`,
      [id, hash],
    )
    if (!row) return false
    await sql.query(
      'insert into replaced_bytes (hash, transaction_id, raw, replaced_at_ms) values ($1, $2, $3, $4)',
      [hash, id, row['raw'], atMs],
    )
    await sql.query(
      'update transactions set raw = $2, hash = $3, signed_at_ms = $4, max_cost_wei = $5 where id = $1',
      [id, by.raw, by.hash, atMs, maxCostWei.toString()],
    )
    return true
  })
}
