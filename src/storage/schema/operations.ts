import { jsonb, pgTable, text } from 'drizzle-orm/pg-core'
import { timeMs } from './columns.ts'

/** Every process that ever admitted a call. Its id is used once: a restart is another instance. */
export const instances = pgTable('instances', {
  id: text().primaryKey(),
  region: text().notNull(),
  started_at_ms: timeMs('started_at_ms').notNull(),
  lease_expires_at_ms: timeMs('lease_expires_at_ms').notNull(),
  /** All calls that this instance admitted before are captured: where recovery begins to look. */
  open_since_ms: timeMs('open_since_ms').notNull(),
})

/** Facts about this ledger as a whole, e.g. the genesis of the dev chain that it belongs to. */
export const meta = pgTable('meta', { key: text().primaryKey(), value: jsonb().notNull() })
