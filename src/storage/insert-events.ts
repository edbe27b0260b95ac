import type { AlertEvent } from '../governance/alerts/events.ts'
import { ownerOf } from './admin/governed-tables.ts'
import type { Sql } from './database/database.ts'

const jsonOf = ({ id, organizationId, type, atMs, data, count, lastAtMs }: AlertEvent) => ({
  id,
  organization_id: ownerOf(organizationId),
  type,
  at_ms: Math.round(atMs),
  data,
  count,
  last_at_ms: Math.round(lastAtMs),
})

/** An alert may repeat an id that its owner chose, and the database takes neither zero bytes nor halves of characters. */
const storable = (_name: string, value: unknown) =>
  typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '') : value

/**
 * Puts alerts into the outbox, inside the commit of their cause. The same cause again is the same row.
 *
 * @param fannedOutAtMs when their deliveries are made by whoever inserts them; absent: they wait for the fan-out.
 */
export async function insertEvents({
  sql,
  events,
  fannedOutAtMs,
}: {
  sql: Sql
  events: readonly AlertEvent[]
  fannedOutAtMs?: number
}): Promise<void> {
  if (events.length === 0) return
  await sql.query(
    `insert into outbox_events (id, organization_id, type, at_ms, data, count, last_at_ms, fanned_out_at_ms)
     select id, organization_id, type, at_ms, data, count, last_at_ms, $2
     from jsonb_to_recordset($1::jsonb) as told(id text, organization_id text, type text, at_ms bigint, data jsonb, count int,
       last_at_ms bigint)
     on conflict do nothing`,
    [JSON.stringify(events.map(jsonOf), storable), fannedOutAtMs ?? null],
  )
}
