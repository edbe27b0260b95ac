import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  numeric,
  pgTable,
  primaryKey,
  smallint,
  text,
  unique,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import { sql } from 'drizzle-orm'
import { amount, bytes, timeMs } from './columns.ts'

/** W1: claim, N pending holds and first attempt of a call in one row. Never updated. */
export const admissions = pgTable(
  'admissions',
  {
    call_id: text().primaryKey(),
    payment_key: bytes().notNull(),
    scheme: text().notNull(),
    network: text().notNull(),
    asset: text().notNull(),
    decimals: smallint().notNull(),
    payer_kind: text().notNull(),
    payer_id: text().notNull(),
    organization_id: text(),
    principal_id: text(),
    key_id: text(),
    /** Where a voucher of the key called: its links, from the one that was handed out to the narrowest. */
    voucher_ids: text().array(),
    /** The payment's hold first. Parallel arrays; hold_usd says that the scope counts pico-USD. */
    hold_accounts: bigint({ mode: 'bigint' }).array().notNull(),
    hold_amounts: numeric({ precision: 39, scale: 0 }).array().notNull(),
    hold_usd: boolean().array().notNull(),
    /** What a scope counts that is no money, parallel to the others: tokens or requests; null where no scope does. */
    hold_counts: text().array(),
    ceiling: amount('ceiling').notNull(),
    fee: amount('fee').notNull(),
    request_hash: text().notNull(),
    request_id: text().notNull(),
    model: text().notNull(),
    endpoint: text().notNull(),
    provider: text().notNull(),
    region: text().notNull(),
    instance: text().notNull(),
    strategy: text().notNull(),
    price_book: text().notNull(),
    output_cap: integer().notNull(),
    estimated_cost: amount('estimated_cost').notNull(),
    streamed: boolean().notNull(),
    channel_id: text(),
    authorization: jsonb(),
    /** HMAC over the payer and its own name for the request. */
    idempotency_key: text(),
    /** Why it went there: candidates with what their scores are made of. */
    decision: jsonb(),
    at_ms: timeMs('at_ms').notNull(),
  },
  (table) => [
    unique('admissions_payment_key').on(table.payment_key),
    uniqueIndex('admissions_idempotency')
      .on(table.idempotency_key)
      .where(sql`idempotency_key is not null`),
    index('admissions_payer').on(table.payer_id, table.at_ms),
    index('admissions_at').using('brin', table.at_ms),
    check(
      'admissions_amounts',
      sql`${table.ceiling} >= 0 and ${table.fee} >= 0 and ${table.estimated_cost} >= 0`,
    ),
  ],
)

/** W3: posts the holds (charge above zero) or voids them. The primary key allows one resolution only. Never updated. */
export const captures = pgTable(
  'captures',
  {
    /** No foreign key: the row is made from its admission's, and the check would lock that row once more per call. */
    call_id: text().primaryKey(),
    outcome: text().notNull(),
    charge: amount('charge').notNull(),
    charge_pico_usd: amount('charge_pico_usd').notNull(),
    cost: amount('cost').notNull(),
    input_uncached: bigint({ mode: 'number' }).notNull(),
    cache_read: bigint({ mode: 'number' }).notNull(),
    cache_write: bigint({ mode: 'number' }).notNull(),
    cache_write_hour: bigint({ mode: 'number' }).notNull().default(0),
    output_text: bigint({ mode: 'number' }).notNull(),
    reasoning: bigint({ mode: 'number' }).notNull(),
    images: bigint({ mode: 'number' }).notNull(),
    audio: bigint({ mode: 'number' }).notNull(),
    usage_estimated: boolean().notNull(),
    endpoint: text().notNull(),
    provider: text().notNull(),
    finish_reason: text(),
    error_code: text(),
    delivered: boolean().notNull(),
    first_content_ms: integer(),
    total_ms: integer().notNull(),
    at_ms: timeMs('at_ms').notNull(),
    /** The channel's sum of charges just after this call: a claim of at least this covers it. */
    channel_charged: amount('channel_charged'),
  },
  (table) => [
    index('captures_at').using('brin', table.at_ms),
    check(
      'captures_amounts',
      sql`${table.charge} >= 0 and ${table.charge_pico_usd} >= 0 and ${table.cost} >= 0`,
    ),
  ],
)

/** W2 of a failover; the first attempt is in the admission. */
export const attempts = pgTable(
  'attempts',
  {
    call_id: text()
      .notNull()
      .references(() => admissions.call_id),
    number: integer().notNull(),
    endpoint: text().notNull(),
    provider: text().notNull(),
    region: text().notNull(),
    instance: text().notNull(),
    at_ms: timeMs('at_ms').notNull(),
    estimated_cost: amount('estimated_cost').notNull(),
  },
  (table) => [primaryKey({ columns: [table.call_id, table.number] })],
)
