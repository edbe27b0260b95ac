import { LIMITS } from '../../lib/limits.ts'
import type { Sql } from '../database/database.ts'
import type { OpenCalls } from './open-calls.ts'

/**
 * Enters this process into the list of instances.
 *
 * @throws Error where the id was used before: calls of the earlier process would never count as abandoned.
 */
export async function registerInstance({
  sql,
  id,
  region,
  nowMs,
}: {
  sql: Sql
  id: string
  region: string
  nowMs: number
}): Promise<void> {
  const rows = await sql.query(
    `insert into instances (id, region, started_at_ms, lease_expires_at_ms, open_since_ms)
     values ($1, $2, $3, $4, $5) on conflict do nothing returning id`,
    [id, region, nowMs, nowMs + LIMITS.leaseMs, Math.max(0, nowMs - LIMITS.callSeconds * 1000)],
  )
  if (rows.length === 0)
    throw new Error(`The instance id ${id} was used before; every start needs a new one.`)
}

/** Renews the lease, and says since when this process has calls open. To be called at a third of the lease. */
export async function renewLease({
  sql,
  id,
  openCalls,
  nowMs,
}: {
  sql: Sql
  id: string
  openCalls: OpenCalls
  nowMs: number
}): Promise<void> {
  await sql.query('update instances set lease_expires_at_ms = $2, open_since_ms = $3 where id = $1', [
    id,
    nowMs + LIMITS.leaseMs,
    openCalls.openSinceMs(nowMs),
  ])
}
