import { appendEntry, type ChainHead } from '../../governance/audit/chain.ts'
import { addLeaf, type MerkleFrontier } from '../../governance/audit/merkle.ts'
import type { AuditRecord } from '../../governance/audit/types.ts'
import type { Sql } from '../database/database.ts'
import { integer, single, text } from '../database/row.ts'

/** The end of an organisation's chain, locked until the commit. */
export type LockedLog = { readonly head?: ChainHead; readonly frontier: MerkleFrontier }

/** Locks an organisation's chain: whatever changes in it happens one after another. */
export async function lockLog({
  sql,
  organizationId,
}: {
  sql: Sql
  organizationId: string
}): Promise<LockedLog> {
  await sql.query(
    `insert into audit_heads (organization_id, sequence, hash, frontier) values ($1, 0, '', '[]'::jsonb) on conflict do nothing`,
    [organizationId],
  )
  const row = single(
    await sql.query('select * from audit_heads where organization_id = $1 for update', [organizationId]),
  )
  const sequence = integer(row['sequence'])
  return {
    ...(sequence === 0 ? {} : { head: { sequence, hash: text<string>(row['hash']) } }),
    frontier: row['frontier'] as MerkleFrontier,
  }
}

/** Puts a record at the end of the locked chain. */
export async function appendAudit({
  sql,
  log,
  record,
}: {
  sql: Sql
  log: LockedLog
  record: AuditRecord
}): Promise<LockedLog> {
  const entry = appendEntry({ record, ...(log.head ? { head: log.head } : {}) })
  const frontier = addLeaf({ frontier: log.frontier, entryHash: entry.hash })
  await sql.query(
    `insert into audit_events (organization_id, sequence, at_ms, actor_kind, actor_id, via, action, target_kind, target_id,
       before, after, request_id, address_digest, previous_hash, hash)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::jsonb, $11::jsonb, $12, $13, $14, $15)`,
    [
      entry.organizationId,
      entry.sequence,
      entry.atMs,
      entry.actor.kind,
      entry.actor.id,
      entry.via,
      entry.action,
      entry.target.kind,
      entry.target.id,
      JSON.stringify(entry.before),
      JSON.stringify(entry.after),
      entry.requestId,
      entry.addressDigest,
      entry.previousHash,
      entry.hash,
    ],
  )
  return { head: { sequence: entry.sequence, hash: entry.hash }, frontier }
}

/** Milliseconds of the database's own clock, which runs on inside a transaction. */
export const DATABASE_NOW_MS = `(extract(epoch from clock_timestamp()) * 1000)::bigint`

/**
 * Tells instances that a commit of another organisation has changed whom this one's rules bind: a wallet that is linked elsewhere was known
 * as this one's. Its log has nothing to say about it.
 */
export async function touchLog({ sql, organizationId }: { sql: Sql; organizationId: string }): Promise<void> {
  await sql.query(
    `insert into audit_heads (organization_id, sequence, hash, frontier, changed_at_ms, touched)
     values ($1, 0, '', '[]'::jsonb, ${DATABASE_NOW_MS}, 1)
     on conflict (organization_id) do update set changed_at_ms = ${DATABASE_NOW_MS}, touched = audit_heads.touched + 1`,
    [organizationId],
  )
}

/** Writes the end of the chain back, with the time: the last statement of its commit. */
export async function closeLog({
  sql,
  organizationId,
  log: { head, frontier },
}: {
  sql: Sql
  organizationId: string
  log: LockedLog
}): Promise<void> {
  if (!head) return
  await sql.query(
    `update audit_heads set sequence = $2, hash = $3, frontier = $4::jsonb, changed_at_ms = ${DATABASE_NOW_MS} where organization_id = $1`,
    [organizationId, head.sequence, head.hash, JSON.stringify(frontier)],
  )
}

/** Writes one record that comes without a change of settings, inside the caller's transaction. */
export async function noteAudit({ sql, record }: { sql: Sql; record: AuditRecord }): Promise<void> {
  const { organizationId } = record
  const log = await appendAudit({ sql, log: await lockLog({ sql, organizationId }), record })
  await closeLog({ sql, organizationId, log })
}
