import { historyDigest } from '../history/digest.ts'
import type { Invariant } from './statements.ts'

const digest = historyDigest({ fromMs: 'l.from_ms', untilMs: 'l.until_ms', before: `coalesce(b.hash, '')` })

/** Every link is computed again from the rows that it covers. */
export const HISTORY: Invariant = {
  name: 'history_is_unchanged',
  says: 'Rows that have been hashed are as they were, none is missing and none came later.',
  sql: `select l.number, $1::bigint from history_links l
    left join history_links b on b.number = l.number - 1
    cross join lateral (${digest}) d
    where l.hash <> d.hash or l.row_count <> d.row_count or l.from_ms <> coalesce(b.until_ms, 0)
      or (b.number is null and l.number <> 1)`,
}
