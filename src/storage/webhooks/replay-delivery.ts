import type { Delivery } from '../../call/admin-ports.ts'
import type { OutboxStore } from '../../call/outbox-ports.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { readTableOf, tenantCondition } from '../admin/read-tables.ts'
import type { Row, Sql } from '../database/database.ts'
import { TAKES_ALERTS } from './fan-out-events.ts'
import { insertEvents } from '../insert-events.ts'
import { integer, single } from '../database/row.ts'

const deliveryOf = (row: Row): Delivery => readTableOf('deliveries').read(row)

/** The subscription's row, kept as it is until the commit. @throws TurnpikeError `webhook_switched_off` where it takes no alerts. */
async function requireTaker({ sql, webhookId }: { sql: Sql; webhookId: unknown }): Promise<Row> {
  const [row] = await sql.query(`select * from webhooks w where w.id = $1 and ${TAKES_ALERTS} for share`, [
    webhookId,
  ])
  if (!row) throw new TurnpikeError('webhook_switched_off')
  return row
}

/** See {@link OutboxStore.replay}; inside the caller's commit. */
export async function replayDelivery({
  sql,
  tenant,
  id,
  atMs,
}: { sql: Sql } & Parameters<OutboxStore['replay']>[0]): Promise<Delivery> {
  const { condition, value } = tenantCondition({ table: readTableOf('deliveries'), tenant })
  const [row] = await sql.query(`select * from deliveries where ${condition} and id = $2 for update`, [
    value,
    id,
  ])
  if (!row) throw new TurnpikeError('delivery_not_found', { param: 'id' })
  if (row['state'] === 'waiting' && integer(row['lease_expires_at_ms']) > atMs)
    throw new TurnpikeError('delivery_under_way')
  await requireTaker({ sql, webhookId: row['webhook_id'] })
  const rows = await sql.query(
    `update deliveries set state = 'waiting', attempts = 0, next_at_ms = $2, lease_expires_at_ms = 0, ended_at_ms = null,
       version = version + 1 where id = $1 returning *`,
    [id, atMs],
  )
  return deliveryOf(single(rows))
}

/** See {@link OutboxStore.appendFor}; inside the caller's commit. */
export async function appendEventFor({
  sql,
  event,
  webhookId,
  atMs,
}: { sql: Sql } & Parameters<OutboxStore['appendFor']>[0]): Promise<Delivery> {
  const taker = await requireTaker({ sql, webhookId })
  await insertEvents({ sql, events: [event], fannedOutAtMs: atMs })
  const rows = await sql.query(
    `insert into deliveries (id, organization_id, event_id, webhook_id, state, next_at_ms, created_at_ms)
     values ('dlv_' || gen_random_uuid(), $1, $2, $3, 'waiting', $4::bigint, $4::bigint) returning *`,
    [taker['organization_id'], event.id, webhookId, atMs],
  )
  return deliveryOf(single(rows))
}
