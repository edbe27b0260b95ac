import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  unique,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import { amount, bytes, timeMs } from './columns.ts'

/** Money that must be on chain before a call (F1 to F3). */
export const fundings = pgTable(
  'fundings',
  {
    id: text().primaryKey(),
    key: bytes().notNull(),
    kind: text({ enum: ['deposit', 'exact'] }).notNull(),
    network: text().notNull(),
    asset: text().notNull(),
    decimals: integer(),
    payer: text().notNull(),
    amount: amount('amount').notNull(),
    expires_at: bigint({ mode: 'number' }).notNull(),
    authorization: jsonb().notNull(),
    channel_id: text(),
    channel_config: jsonb(),
    state: text({ enum: ['reserved', 'signed', 'seen', 'final', 'failed', 'lapsed'] }).notNull(),
    transaction_id: text(),
    error: text(),
    at_ms: timeMs('at_ms').notNull(),
    /** The log of somebody else's transaction that brought the money: one log explains one funding. */
    adopted_hash: text(),
    adopted_log_index: integer(),
    adopted_block: bigint({ mode: 'bigint' }),
    /** `exact` without a call: credit that its payer means to keep. */
    is_top_up: boolean().notNull().default(false),
  },
  (table) => [
    unique('fundings_key').on(table.key),
    index('fundings_channel').on(table.channel_id),
    unique('fundings_adopted').on(table.network, table.adopted_hash, table.adopted_log_index),
    index('fundings_open')
      .on(table.network, table.state)
      .where(sql`state in ('reserved', 'signed', 'seen', 'failed')`),
    index('fundings_top_ups')
      .on(table.network, table.asset, table.payer)
      .where(sql`is_top_up`),
    check('fundings_amount', sql`${table.amount} > 0`),
  ],
)

/** The next nonce of one signing key on one chain. Its row is locked while a transaction is signed. */
export const lanes = pgTable(
  'lanes',
  {
    network: text().notNull(),
    address: text().notNull(),
    role: text({ enum: ['signer', 'till'] }).notNull(),
    first_nonce: bigint({ mode: 'number' }).notNull(),
    next_nonce: bigint({ mode: 'number' }).notNull(),
    lease_owner: text(),
    lease_expires_at_ms: timeMs('lease_expires_at_ms'),
  },
  (table) => [primaryKey({ columns: [table.network, table.address] })],
)

/** W4 to W6. */
export const transactions = pgTable(
  'transactions',
  {
    id: text().primaryKey(),
    network: text().notNull(),
    role: text({ enum: ['signer', 'till', 'payer'] }).notNull(),
    address: text().notNull(),
    nonce: bigint({ mode: 'number' }).notNull(),
    purpose: jsonb().notNull(),
    raw: text().notNull(),
    hash: text().notNull().unique(),
    state: text({ enum: ['signed', 'seen', 'reverted', 'final', 'failed'] }).notNull(),
    /** Whether it ever was `seen`: then the ledger has its entries. */
    was_seen: boolean().notNull().default(false),
    signed_at_ms: timeMs('signed_at_ms').notNull(),
    block_number: bigint({ mode: 'bigint' }),
    block_hash: text(),
    gas_used: amount('gas_used'),
    effective_gas_price_wei: amount('effective_gas_price_wei'),
    error: text(),
    /** Gas and fee at their caps: what it may still cost. */
    max_cost_wei: amount('max_cost_wei').notNull().default('0'),
  },
  (table) => [
    uniqueIndex('transactions_nonce').on(table.network, table.address, table.nonce),
    index('transactions_signed_at').on(table.network, table.signed_at_ms),
    index('transactions_open')
      .on(table.network, table.state)
      .where(sql`state in ('signed', 'seen', 'reverted')`),
  ],
)

/** Earlier bytes of a transaction, with the same nonce and a lower fee: any of them may be the ones that are mined. */
export const replaced_bytes = pgTable('replaced_bytes', {
  hash: text().primaryKey(),
  transaction_id: text()
    .notNull()
    .references(() => transactions.id),
  raw: text().notNull(),
  replaced_at_ms: timeMs('replaced_at_ms').notNull(),
})

/** What a transaction claims of each channel: tells which transaction covers a call. */
export const claims = pgTable(
  'claims',
  {
    transaction_id: text()
      .notNull()
      .references(() => transactions.id),
    channel_id: text().notNull(),
    total_claimed: amount('total_claimed').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.transaction_id, table.channel_id] }),
    index('claims_channel').on(table.channel_id, table.total_claimed),
  ],
)

/** An `upto` call's way to the chain; the row is made by its capture. */
export const settlements = pgTable(
  'settlements',
  {
    call_id: text().primaryKey(),
    network: text().notNull(),
    state: text({ enum: ['due', 'signed', 'seen', 'final', 'failed'] }).notNull(),
    transaction_id: text(),
    error: text(),
  },
  (table) => [
    index('settlements_due')
      .on(table.network)
      .where(sql`state = 'due'`),
  ],
)

export const refunds = pgTable(
  'refunds',
  {
    id: text().primaryKey(),
    kind: text({ enum: ['channel', 'credit'] }).notNull(),
    network: text().notNull(),
    asset: text().notNull(),
    decimals: integer(),
    payer: text().notNull(),
    channel_id: text(),
    amount: amount('amount').notNull(),
    /** What the payer pays for the gas of a withdrawal, beside the amount. */
    fee: amount('fee').notNull().default('0'),
    state: text({ enum: ['held', 'signed', 'seen', 'final', 'failed'] }).notNull(),
    transaction_id: text(),
    /** Of the transaction of somebody else that made it in the place of ours. */
    foreign_hash: text(),
    error: text(),
    at_ms: timeMs('at_ms').notNull(),
  },
  (table) => [
    index('refunds_open')
      .on(table.network, table.state)
      .where(sql`state in ('held', 'signed', 'seen')`),
    index('refunds_payer').on(table.payer, table.at_ms),
    check('refunds_amount', sql`${table.amount} > 0`),
  ],
)
