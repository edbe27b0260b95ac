import { index, integer, bigint, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { sql } from 'drizzle-orm'
import { timeMs } from './columns.ts'

/** What was done to settings, rights, money and keys: a hash chain for each organisation. Never changed, never the content of a call. */
export const audit_events = pgTable(
  'audit_events',
  {
    organization_id: text().notNull(),
    sequence: bigint({ mode: 'number' }).notNull(),
    at_ms: timeMs('at_ms').notNull(),
    actor_kind: text().notNull(),
    actor_id: text().notNull(),
    via: text().notNull(),
    action: text().notNull(),
    target_kind: text().notNull(),
    target_id: text().notNull(),
    before: jsonb(),
    after: jsonb(),
    request_id: text(),
    /** A salted digest: where it came from can be compared, and not read. */
    address_digest: text(),
    previous_hash: text().notNull(),
    hash: text().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.organization_id, table.sequence] }),
    index('audit_events_target').on(table.organization_id, table.target_kind, table.target_id),
  ],
)

/** The end of each chain. Its row is locked by every change of an organisation, so changes of one follow one another. */
export const audit_heads = pgTable(
  'audit_heads',
  {
    organization_id: text().primaryKey(),
    sequence: bigint({ mode: 'number' }).notNull(),
    hash: text().notNull(),
    /** Whole subtrees of the Merkle tree, so that a checkpoint does not read the whole log. */
    frontier: jsonb().notNull(),
    /** By the database's clock, so that instances whose clocks differ ask for the same moments. */
    changed_at_ms: timeMs('changed_at_ms').notNull().default(0),
    /** How often a commit of another organisation changed whom this one's rules bind. */
    touched: bigint({ mode: 'number' }).notNull().default(0),
  },
  (table) => [index('audit_heads_changed').on(table.changed_at_ms)],
)

/** What was committed under an idempotency key: the same write again gets the same answer. */
export const admin_writes = pgTable(
  'admin_writes',
  {
    organization_id: text().notNull(),
    idempotency_key: text().notNull(),
    /** Over what was asked, so that another request under the same key is refused. */
    request_digest: text().notNull(),
    result: jsonb().notNull(),
    at_ms: timeMs('at_ms').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.organization_id, table.idempotency_key] }),
    index('admin_writes_at').using('brin', table.at_ms),
  ],
)

/** Alerts, written in the commit of their cause. The id says the cause: one cause is one event. */
export const outbox_events = pgTable(
  'outbox_events',
  {
    id: text().primaryKey(),
    /** `public` where it concerns no organisation: for the operator. */
    organization_id: text().notNull(),
    type: text().notNull(),
    at_ms: timeMs('at_ms').notNull(),
    data: jsonb().notNull(),
    count: integer().notNull().default(1),
    last_at_ms: timeMs('last_at_ms').notNull(),
    /** When its deliveries were made; null: not yet. */
    fanned_out_at_ms: timeMs('fanned_out_at_ms'),
  },
  (table) => [
    index('outbox_events_list').on(table.organization_id, table.at_ms, table.id),
    index('outbox_events_waiting')
      .on(table.at_ms)
      .where(sql`fanned_out_at_ms is null`),
  ],
)

/** One event on its way to one subscription. */
export const deliveries = pgTable(
  'deliveries',
  {
    id: text().primaryKey(),
    organization_id: text().notNull(),
    event_id: text()
      .notNull()
      .references(() => outbox_events.id),
    webhook_id: text().notNull(),
    state: text({ enum: ['waiting', 'delivered', 'dead'] }).notNull(),
    attempts: integer().notNull().default(0),
    next_at_ms: timeMs('next_at_ms').notNull(),
    lease_expires_at_ms: timeMs('lease_expires_at_ms').notNull().default(0),
    /** Of the last attempt: an HTTP status, or a code of ours where there was none. */
    last_status: integer(),
    last_error_code: text(),
    created_at_ms: timeMs('created_at_ms').notNull(),
    ended_at_ms: timeMs('ended_at_ms'),
    version: integer().notNull().default(1),
  },
  (table) => [
    uniqueIndex('deliveries_once').on(table.event_id, table.webhook_id),
    index('deliveries_list').on(table.organization_id, table.created_at_ms, table.id),
    index('deliveries_due')
      .on(table.next_at_ms)
      .where(sql`state = 'waiting'`),
  ],
)
