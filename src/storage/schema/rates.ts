import { bigint, index, jsonb, pgTable, text } from 'drizzle-orm/pg-core'
import { timeMs } from './columns.ts'

/** Where each rate limit stands. Its row is locked by whoever takes from it, in the order of the ids. */
export const rate_states = pgTable('rate_states', {
  limit_id: text().primaryKey(),
  /** When its bucket is full again, in nanoseconds since 1970; null: nothing was ever taken. */
  full_again_ns: bigint({ mode: 'bigint' }),
  /** Of a limit on calls at once: who is under way, and until when at most. Never more than the limit. */
  leases: jsonb().notNull(),
})

/** Calls that have taken their share of rates and have not ended: each ends once, and none is taken twice. */
export const rate_calls = pgTable(
  'rate_calls',
  {
    call_id: text().primaryKey(),
    /** By then it has ended, whether or not somebody says so. */
    until_ms: timeMs('until_ms').notNull(),
  },
  (table) => [index('rate_calls_until').on(table.until_ms)],
)
