import type { OutboxStore } from '../../call/outbox-ports.ts'
import type { Database, Sql } from '../database/database.ts'
import { endAttempt } from './end-attempt.ts'
import { fanOutEvents } from './fan-out-events.ts'
import { insertEvents } from '../insert-events.ts'
import { leaseDeliveries } from './lease-deliveries.ts'
import { appendEventFor, replayDelivery } from './replay-delivery.ts'
import { integer, optional, single } from '../database/row.ts'

/** The row of the fact is locked from the look at it until the commit: of two that decide at once the second sees what the first made. */
async function changeFact({
  sql,
  key,
  decide,
}: { sql: Sql } & Parameters<OutboxStore['changeFact']>[0]): Promise<boolean> {
  await sql.query(`insert into meta (key, value) values ($1, 'null'::jsonb) on conflict do nothing`, [key])
  const row = single(await sql.query('select value from meta where key = $1 for update', [key]))
  const decided = decide(row['value'] ?? undefined)
  if (!decided) return false
  await sql.query('update meta set value = $2::jsonb where key = $1', [key, JSON.stringify(decided.value)])
  await insertEvents({ sql, events: decided.events })
  return true
}

/** Alerts and their deliveries; see {@link OutboxStore}. */
export function openOutboxStore({ database }: { database: Database }): OutboxStore {
  return {
    append: (events) => insertEvents({ sql: database, events }),
    changeFact: (change) => database.transaction((sql) => changeFact({ sql, ...change })),
    fanOut: (request) => fanOutEvents({ sql: database, ...request }),
    lease: (request) => leaseDeliveries({ sql: database, ...request }),
    endAttempt: (end) => database.transaction((sql) => endAttempt({ sql, ...end })),
    replay: (request) => database.transaction((sql) => replayDelivery({ sql, ...request })),
    appendFor: (request) => database.transaction((sql) => appendEventFor({ sql, ...request })),
    count: async () => {
      const rows = await database.query(
        `select count(*) filter (where state = 'waiting') as waiting, count(*) filter (where state = 'dead') as dead,
           min(created_at_ms) filter (where state = 'waiting') as oldest
         from deliveries where state <> 'delivered'`,
      )
      const row = single(rows)
      return {
        waiting: integer(row['waiting']),
        dead: integer(row['dead']),
        ...optional('oldestWaitingAtMs', row['oldest'], integer),
      }
    },
  }
}
