import { doublePrecision, index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { timeMs } from './columns.ts'

/**
 * What is known of models at call sites: sums that halve every two weeks, under keyed hashes of the site and of who pays. No prompt, no
 * answer, no address.
 */
export const call_sites = pgTable(
  'call_sites',
  {
    site: text().notNull(),
    payer: text().notNull(),
    model: text().notNull(),
    samples: doublePrecision().notNull(),
    seen_good: doublePrecision().notNull(),
    seen_bad: doublePrecision().notNull(),
    told_good: doublePrecision().notNull(),
    told_bad: doublePrecision().notNull(),
    /** Up to when the sums are decayed. */
    at_ms: timeMs('at_ms').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.site, table.payer, table.model] }),
    index('call_sites_payer').on(table.payer, table.at_ms),
    index('call_sites_at').on(table.at_ms),
  ],
)

/** Which call was counted where: so that nothing counts twice, and a word finds its site. For a week. */
export const observations = pgTable(
  'observations',
  {
    call_id: text().notNull(),
    /** answer | repeat */
    kind: text().notNull(),
    site: text().notNull(),
    payer: text().notNull(),
    model: text().notNull(),
    at_ms: timeMs('at_ms').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.call_id, table.kind] }),
    index('observations_at').using('brin', table.at_ms),
  ],
)

/** The last word of a payer on a call of its own: a number, and a reason out of a list. */
export const feedback = pgTable(
  'feedback',
  {
    call_id: text().primaryKey(),
    score: doublePrecision().notNull(),
    reason: text(),
    good: doublePrecision().notNull(),
    bad: doublePrecision().notNull(),
    /** What of it the counters have. */
    counted_good: doublePrecision().notNull(),
    counted_bad: doublePrecision().notNull(),
    at_ms: timeMs('at_ms').notNull(),
  },
  (table) => [index('feedback_at').using('brin', table.at_ms)],
)
