import type { SettlementCommit } from '../../settlement/types.ts'
import type { Sql } from '../database/database.ts'

/**
 * Moves a transaction to its next state. Where other bytes than the newest were mined, they change places with them, so that a
 * row's hash is the one that the chain knows.
 *
 * @returns false where the transaction is not in one of the states that the commit expects.
 */
export async function moveTransaction({
  sql,
  transaction,
}: {
  sql: Sql
  transaction: NonNullable<SettlementCommit['transaction']>
}): Promise<boolean> {
  const { id, from, to, wasSeen, hash, blockNumber, blockHash, gasUsed, effectiveGasPriceWei, error } =
    transaction
  const rows = await sql.query(
    `update transactions set state = $3, was_seen = was_seen or $3 = 'seen', error = $8,
       block_number = $4, block_hash = $5, gas_used = $6, effective_gas_price_wei = $7
     where id = $1 and state = any($2::text[]) and ($9::boolean is null or was_seen = $9) returning hash, raw`,
    [
      id,
      [...from],
      to,
      blockNumber?.toString() ?? null,
      blockHash ?? null,
      gasUsed?.toString() ?? null,
      effectiveGasPriceWei?.toString() ?? null,
      error ?? null,
      wasSeen ?? null,
    ],
  )
  const [row] = rows
  if (!row) return false
  if (hash !== undefined && hash !== row['hash']) await swapBytes({ sql, id, hash })
  return true
}

/** The earlier bytes take the row's place, the row's go among the replaced. */
async function swapBytes({ sql, id, hash }: { sql: Sql; id: string; hash: string }): Promise<void> {
  await sql.query(
    `with mined as (
       delete from replaced_bytes where hash = $2 and transaction_id = $1 returning raw, replaced_at_ms
     ), kept as (
       insert into replaced_bytes (hash, transaction_id, raw, replaced_at_ms)
       select t.hash, t.id, t.raw, m.replaced_at_ms from transactions t, mined m where t.id = $1
     )
     update transactions t set hash = $2, raw = m.raw from mined m where t.id = $1`,
    [id, hash],
  )
}
