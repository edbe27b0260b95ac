import { sql } from 'drizzle-orm'
import { bigint, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { amount, timeMs } from './columns.ts'

/**
 * What the chain says about our addresses and channels, up to the final block: read once, each explained by at most one entry.
 * Rows of blocks that a reorganisation took back are deleted, and read again as they are now.
 */
export const chain_logs = pgTable(
  'chain_logs',
  {
    network: text().notNull(),
    transaction_hash: text().notNull(),
    log_index: integer().notNull(),
    block_number: bigint({ mode: 'bigint' }).notNull(),
    event: text({
      enum: ['transfer', 'deposited', 'claimed', 'refunded', 'withdrawn', 'authorization_used'],
    }).notNull(),
    token: text().notNull(),
    decimals: integer().notNull(),
    /** Of a transfer. */
    sender: text(),
    recipient: text(),
    /** The channel of its event, or an authorisation as `<owner>:<nonce>`. */
    subject: text(),
    amount: amount('amount').notNull(),
    entry_id: text(),
    seen_at_ms: timeMs('seen_at_ms').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.network, table.transaction_hash, table.log_index] }),
    index('chain_logs_block').on(table.network, table.block_number),
    index('chain_logs_seen').using('brin', table.seen_at_ms),
    index('chain_logs_unexplained')
      .on(table.network)
      .where(sql`entry_id is null`),
  ],
)

/** Differences that reconciliation found, broken invariants, and providers' counts that differ from ours. One row from the first time seen until it is closed. */
export const findings = pgTable(
  'findings',
  {
    id: text().primaryKey(),
    class: text({ enum: ['chain_only', 'ledger_only', 'amount', 'invariant', 'usage'] }).notNull(),
    /** `ledger` for what concerns no chain, `providers` for usage. */
    network: text().notNull(),
    subject: text().notNull(),
    detail: jsonb().notNull(),
    state: text({ enum: ['open', 'closed'] }).notNull(),
    opened_at_ms: timeMs('opened_at_ms').notNull(),
    seen_at_ms: timeMs('seen_at_ms').notNull(),
    closed_at_ms: timeMs('closed_at_ms'),
    /** `itself` where a later pass no longer saw it, `operator` where somebody gave a reason. */
    closed_by: text({ enum: ['itself', 'operator'] }),
    reason: text(),
  },
  (table) => [
    uniqueIndex('findings_open')
      .on(table.network, table.class, table.subject)
      .where(sql`state = 'open'`),
    index('findings_opened').on(table.opened_at_ms, table.id),
  ],
)

/**
 * The ledger's history, hashed: each link covers the rows of a span of time and the link before it, so that a row that is changed,
 * added or removed later is found.
 */
export const history_links = pgTable('history_links', {
  number: integer().primaryKey(),
  from_ms: timeMs('from_ms').notNull(),
  /** Not included. */
  until_ms: timeMs('until_ms').notNull(),
  row_count: integer().notNull(),
  hash: text().notNull(),
})
