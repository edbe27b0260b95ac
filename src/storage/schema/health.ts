import { doublePrecision, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { timeMs } from './columns.ts'

/**
 * What each instance last knew of each endpoint: how instances warn one another, and what a restart begins with. Numbers only; old
 * rows are deleted as new ones come.
 */
export const endpoint_health = pgTable(
  'endpoint_health',
  {
    endpoint_id: text().notNull(),
    instance: text().notNull(),
    at_ms: timeMs('at_ms').notNull(),
    /** Decayed to `successes_at_ms`. */
    successes: doublePrecision().notNull(),
    failures: doublePrecision().notNull(),
    successes_at_ms: timeMs('successes_at_ms').notNull(),
    circuit_open_until_ms: timeMs('circuit_open_until_ms').notNull(),
    circuit_openings: integer().notNull(),
    circuit_changed_at_ms: timeMs('circuit_changed_at_ms').notNull(),
    wait_until_ms: timeMs('wait_until_ms').notNull(),
    /** By size class of the input: moving averages of first token and speed. */
    paces: jsonb().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.endpoint_id, table.instance] }),
    index('endpoint_health_at').on(table.at_ms),
  ],
)
