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
} from 'drizzle-orm/pg-core'
import { amount, timeMs } from './columns.ts'

/** Limited accounts only: those whose available amount is enforced. Other accounts are paths in postings. */
export const accounts = pgTable(
  'accounts',
  {
    id: bigint({ mode: 'bigint' }).primaryKey().generatedAlwaysAsIdentity(),
    ledger: text().notNull(),
    path: text().notNull(),
  },
  (table) => [
    unique('accounts_ledger_path').on(table.ledger, table.path),
    /** A payer's accounts in all ledgers. */
    index('accounts_path').on(table.path),
  ],
)

/**
 * The one locked row of a payer. A channel's state is this row: balance = credits posted - refunds, charged = debits
 * posted - refunds posted, held = debits pending - refunds pending. No index on a changing column, so updates stay HOT.
 */
export const balances = pgTable(
  'balances',
  {
    account_id: bigint({ mode: 'bigint' })
      .primaryKey()
      .references(() => accounts.id),
    kind: text({ enum: ['channel', 'credit', 'exposure', 'organization', 'budget'] }).notNull(),
    credit_limit: amount('credit_limit').notNull().default('0'),
    credits_posted: amount('credits_posted').notNull().default('0'),
    debits_posted: amount('debits_posted').notNull().default('0'),
    debits_pending: amount('debits_pending').notNull().default('0'),
    refunds_posted: amount('refunds_posted').notNull().default('0'),
    refunds_pending: amount('refunds_pending').notNull().default('0'),
    moved_at_ms: timeMs('moved_at_ms').notNull().default(0),
    /** Exposure only: an `upto` settlement of this payer has failed, in whichever ledger. */
    deposits_only: boolean().notNull().default(false),
    /** Channels only, from here on. */
    voucher_max: amount('voucher_max').notNull().default('0'),
    voucher_signature: text(),
    turn_payer: text(),
    turn_quotes: text().array(),
    turn_reserved: amount('turn_reserved').notNull().default('0'),
    turn_expires_at_ms: timeMs('turn_expires_at_ms').notNull().default(0),
    claimed: amount('claimed').notNull().default('0'),
    /** When the oldest charge that no claim covers was captured. */
    unclaimed_since_ms: timeMs('unclaimed_since_ms'),
    withdraw_requested_at: bigint({ mode: 'number' }).notNull().default(0),
    refund_nonce: amount('refund_nonce').notNull().default('0'),
    /** The highest voucher when a claim was last signed: vouchers up to it are public. */
    published_max: amount('published_max').notNull().default('0'),
    /** Budgets only: percents of the limit that are told, and those that were told in this window. */
    thresholds: integer().array(),
    told: integer().array(),
    /** Budgets only: the version of the budget whose limit stands in `credit_limit`; an older one does not bring its own back. */
    terms_version: integer(),
  },
  (table) => [
    check('balances_pending', sql`${table.debits_pending} >= 0 and ${table.refunds_pending} >= 0`),
    check(
      'balances_available',
      sql`${table.kind} in ('exposure', 'budget') or ${table.credit_limit} + ${table.credits_posted} - ${table.debits_posted} - ${table.debits_pending} >= 0`,
    ),
    check(
      'balances_voucher',
      sql`${table.kind} <> 'channel' or ${table.debits_posted} - ${table.refunds_posted} + ${table.debits_pending} - ${table.refunds_pending} <= ${table.voucher_max}`,
    ),
    check(
      'balances_claimed',
      sql`${table.kind} <> 'channel' or ${table.claimed} <= ${table.debits_posted} - ${table.refunds_posted}`,
    ),
  ],
)

/** What the account of a budget's window is about. Never changed: a counter stays with its window. */
export const budget_windows = pgTable(
  'budget_windows',
  {
    account_id: bigint({ mode: 'bigint' })
      .primaryKey()
      .references(() => accounts.id),
    /** null: a wallet that belongs to nobody, or a cap that a caller without organisation has set itself. */
    organization_id: text(),
    budget_id: text().notNull(),
    level: text().notNull(),
    /** Whose counter it is: the budget's own place, or whoever below has one of its own. */
    level_id: text().notNull(),
    metric: text({ enum: ['usd', 'tokens', 'requests'] }).notNull(),
    window_id: text().notNull(),
    resets_at_ms: timeMs('resets_at_ms'),
    opened_at_ms: timeMs('opened_at_ms').notNull(),
    /** Runs only: the call that has brought the limit. */
    opened_by: text(),
  },
  (table) => [
    index('budget_windows_budget').on(table.budget_id, table.opened_at_ms),
    index('budget_windows_place').on(table.organization_id, table.level, table.level_id),
  ],
)

export const channels = pgTable('channels', {
  id: text().primaryKey(),
  account_id: bigint({ mode: 'bigint' })
    .notNull()
    .unique()
    .references(() => accounts.id),
  network: text().notNull(),
  asset: text().notNull(),
  decimals: integer(),
  payer: text().notNull(),
  config: jsonb().notNull(),
  opened_at_ms: timeMs('opened_at_ms').notNull(),
})

export const entries = pgTable(
  'entries',
  {
    id: text().primaryKey(),
    event: text().notNull(),
    call_id: text(),
    transaction_id: text(),
    at_ms: timeMs('at_ms').notNull(),
  },
  (table) => [
    index('entries_event').on(table.event),
    index('entries_transaction').on(table.transaction_id),
    index('entries_at').using('brin', table.at_ms),
  ],
)

export const postings = pgTable(
  'postings',
  {
    entry_id: text()
      .notNull()
      .references(() => entries.id),
    number: integer().notNull(),
    ledger: text().notNull(),
    debit: text().notNull(),
    credit: text().notNull(),
    amount: amount('amount').notNull(),
    kind: text({ enum: ['pending', 'posted', 'voided'] }).notNull(),
    /** The entry whose hold this posting resolves. */
    pending_id: text(),
  },
  (table) => [
    primaryKey({ columns: [table.entry_id, table.number] }),
    index('postings_debit').on(table.debit, table.ledger),
    index('postings_credit').on(table.credit, table.ledger),
    check('postings_amount', sql`${table.amount} > 0`),
    check('postings_sides', sql`${table.debit} <> ${table.credit}`),
  ],
)
