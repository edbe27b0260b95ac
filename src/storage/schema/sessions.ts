import { index, integer, pgTable, text } from 'drizzle-orm/pg-core'
import { timeMs } from './columns.ts'

/** Who is signed in. Rows go when their time is over. */
export const sessions = pgTable(
  'sessions',
  {
    /** Of the cookie's value, which is nowhere. */
    token_hash: text().primaryKey(),
    principal_id: text().notNull(),
    /** Any change of the login ends the sessions that were opened by it. */
    login_version: integer().notNull(),
    created_at_ms: timeMs('created_at_ms').notNull(),
    seen_at_ms: timeMs('seen_at_ms').notNull(),
    expires_at_ms: timeMs('expires_at_ms').notNull(),
    revoked_at_ms: timeMs('revoked_at_ms'),
  },
  (table) => [
    index('sessions_expired').on(table.expires_at_ms),
    index('sessions_principal').on(table.principal_id),
  ],
)
