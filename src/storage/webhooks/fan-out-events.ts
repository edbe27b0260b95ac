import type { Sql } from '../database/database.ts'
import { integer, single } from '../database/row.ts'

/** What a subscription must be to be sent anything. */
export const TAKES_ALERTS = 'w.archived_at_ms is null and w.disabled_at_ms is null'

/**
 * One statement, so one commit: an event is marked and has its deliveries, or neither. Who comes at the same time takes other events.
 *
 * @returns how many events were done.
 */
export async function fanOutEvents({
  sql,
  limit,
  atMs,
}: {
  sql: Sql
  limit: number
  atMs: number
}): Promise<number> {
  const rows = await sql.query(
    `with waiting as (
       select id, organization_id, type from outbox_events where fanned_out_at_ms is null
       order by at_ms limit $1 for update skip locked
     ), made as (
       insert into deliveries (id, organization_id, event_id, webhook_id, state, next_at_ms, created_at_ms)
       select 'dlv_' || gen_random_uuid(), e.organization_id, e.id, w.id, 'waiting', $2::bigint, $2::bigint
       from waiting e join webhooks w on w.organization_id = e.organization_id and ${TAKES_ALERTS}
         and (w.event_types is null or e.type = any(w.event_types))
       on conflict (event_id, webhook_id) do nothing
     ), marked as (
       update outbox_events o set fanned_out_at_ms = $2::bigint from waiting where o.id = waiting.id returning 1
     )
     select count(*) as done from marked`,
    [limit, atMs],
  )
  return integer(single(rows)['done'])
}
