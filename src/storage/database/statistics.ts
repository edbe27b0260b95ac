import type { Database } from './database.ts'

/** Admissions of this process after which the planner's statistics are renewed: plans made on empty tables age badly. */
const RENEW_AT = [1_000, 10_000, 100_000]
/** PGlite has no autovacuum: rows that change with every call are swept by hand. */
const VACUUM_EVERY = 50_000

/** Renews statistics as the tables grow. A failure is no harm: the next threshold tries again. */
export function openStatistics({ database }: { database: Database }) {
  let admitted = 0
  const crosses = (before: number, threshold: number) => before < threshold && admitted >= threshold
  return {
    /** To be told of every group of admissions. */
    count: (calls: number): void => {
      const before = admitted
      admitted += calls
      if (RENEW_AT.some((threshold) => crosses(before, threshold))) {
        database.query('analyze admissions, captures, balances, settlements').catch(() => {})
      }
      const isDue = Math.floor(before / VACUUM_EVERY) !== Math.floor(admitted / VACUUM_EVERY)
      if (database.kind === 'pglite' && isDue) database.query('vacuum (analyze) balances').catch(() => {})
    },
  }
}
