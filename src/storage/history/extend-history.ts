import { LIMITS } from '../../lib/limits.ts'
import type { Database, Sql } from '../database/database.ts'
import { integer, text } from '../database/row.ts'
import { HISTORY_AHEAD, historyDigest } from './digest.ts'

type Link = { readonly number: number; readonly untilMs: number; readonly hash: string }

const START: Link = { number: 0, untilMs: 0, hash: '' }

/**
 * Hashes what has become history: the rows older than the lag, a link for each span of time, each chained to the one before. Never
 * on the way of a call. Stops after a number of links and goes on at the next pass.
 *
 * @returns the newest link, to be written down where whoever changes the database cannot reach.
 */
export async function extendHistory({
  database,
  nowMs,
}: {
  database: Database
  nowMs: number
}): Promise<{ readonly number: number; readonly hash: string }> {
  const limitMs = nowMs - LIMITS.historyLagMs
  let last = await lastLink(database)
  for (let count = 0; count < LIMITS.historyLinksPerPass; count += 1) {
    const next = await database.transaction((sql) => appendLink({ sql, last, limitMs }))
    if (!next) break
    last = next
  }
  return last
}

async function lastLink(sql: Sql): Promise<Link> {
  const [row] = await sql.query(
    'select number, until_ms, hash from history_links order by number desc limit 1',
  )
  if (!row) return START
  return { number: integer(row['number']), untilMs: integer(row['until_ms']), hash: text(row['hash']) }
}

async function appendLink({
  sql,
  last,
  limitMs,
}: {
  sql: Sql
  last: Link
  limitMs: number
}): Promise<Link | undefined> {
  const untilMs = await endOfSpan({ sql, fromMs: last.untilMs, limitMs })
  if (untilMs === undefined) return undefined
  const digest = historyDigest({ fromMs: '$2::bigint', untilMs: '$3::bigint', before: '$4::text' })
  const [row] = await sql.query(
    `insert into history_links (number, from_ms, until_ms, row_count, hash)
     select $1::int, $2::bigint, $3::bigint, d.row_count, d.hash from (${digest}) d
     on conflict do nothing returning hash`,
    [last.number + 1, last.untilMs, untilMs, last.hash],
  )
  // Nothing came back: another instance has written this link.
  return row && { number: last.number + 1, untilMs, hash: text(row['hash']) }
}

/** Where the next link ends: a span after its first row, or earlier where so many rows fell into it. */
async function endOfSpan({
  sql,
  fromMs,
  limitMs,
}: {
  sql: Sql
  fromMs: number
  limitMs: number
}): Promise<number | undefined> {
  const [ahead] = await sql.query(`select min(at_ms) as first from (${HISTORY_AHEAD}) ahead`, [
    fromMs,
    limitMs,
  ])
  if (!ahead || ahead['first'] === null) return undefined
  const firstMs = integer(ahead['first'])
  let spanMs = Math.min(LIMITS.historySpanMs, limitMs - firstMs)
  // A span that would still grow is left for later, so that links do not get shorter than they must.
  if (spanMs < LIMITS.historySpanMs) return undefined
  for (; spanMs > 1; spanMs = Math.floor(spanMs / 2)) {
    const [row] = await sql.query(`select count(*) as count from (${HISTORY_AHEAD}) ahead`, [
      fromMs,
      firstMs + spanMs,
    ])
    if (integer(row?.['count'] ?? 0) <= LIMITS.historyRowsPerLink) break
  }
  return firstMs + spanMs
}
