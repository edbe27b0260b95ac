import type { LeasedDelivery, OutboxStore } from '../../call/outbox-ports.ts'
import { GOVERNED_TABLES } from '../admin/governed-tables.ts'
import { readTableOf } from '../admin/read-tables.ts'
import type { Row, Sql } from '../database/database.ts'
import { TAKES_ALERTS } from './fan-out-events.ts'
import { text } from '../database/row.ts'

/**
 * Those under way count among the first of their subscription, so that no more are taken beside them. The attempt is counted with the
 * lease: one that its process did not survive was one. What nobody takes any more is given up on the way.
 */
const LEASE = `
  with orphans as (
    update deliveries d set state = 'dead', ended_at_ms = $1::bigint, last_status = null,
      last_error_code = 'subscription_off', version = version + 1
    where d.state = 'waiting' and d.lease_expires_at_ms <= $1
      and not exists (select 1 from webhooks w where w.id = d.webhook_id and ${TAKES_ALERTS})
  ), due as (
    select d.id, d.next_at_ms, d.lease_expires_at_ms, row_number() over (
      partition by d.webhook_id order by (d.lease_expires_at_ms > $1) desc, d.next_at_ms, d.id) as place
    from deliveries d join webhooks w on w.id = d.webhook_id and ${TAKES_ALERTS}
    where d.state = 'waiting' and d.next_at_ms <= $1
  ), chosen as (
    select d.id from deliveries d
    where d.id in (select id from due where place <= $3 and lease_expires_at_ms <= $1 order by next_at_ms, id limit $2)
      and d.state = 'waiting' and d.next_at_ms <= $1 and d.lease_expires_at_ms <= $1
    for update skip locked
  )
  update deliveries d set lease_expires_at_ms = $4::bigint, attempts = attempts + 1, version = version + 1
  from chosen where d.id = chosen.id returning d.*`

/** See {@link OutboxStore.lease}. */
export async function leaseDeliveries({
  sql,
  limit,
  perWebhook,
  atMs,
  untilMs,
}: { sql: Sql } & Parameters<OutboxStore['lease']>[0]): Promise<readonly LeasedDelivery[]> {
  const rows = await sql.query(LEASE, [atMs, limit, perWebhook, untilMs])
  if (rows.length === 0) return []
  const byId = async (table: string, column: string) => {
    const ids = [...new Set(rows.map((row) => text<string>(row[column])))]
    const found = await sql.query(`select * from ${table} where id = any($1::text[])`, [ids])
    return new Map(found.map((row) => [text<string>(row['id']), row]))
  }
  const events = await byId('outbox_events', 'event_id')
  const webhooks = await byId('webhooks', 'webhook_id')
  return rows.flatMap((row) => leasedOf({ row, events, webhooks }))
}

function leasedOf({
  row,
  events,
  webhooks,
}: {
  row: Row
  events: ReadonlyMap<string, Row>
  webhooks: ReadonlyMap<string, Row>
}): readonly LeasedDelivery[] {
  const event = events.get(text(row['event_id']))
  const webhook = webhooks.get(text(row['webhook_id']))
  if (!event || !webhook) return []
  return [
    {
      delivery: readTableOf('deliveries').read(row),
      event: readTableOf('events').read(event),
      webhook: GOVERNED_TABLES.webhooks.read(webhook),
    },
  ]
}
