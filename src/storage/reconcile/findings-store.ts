import { randomUUID } from 'node:crypto'
import { newEvent } from '../../governance/alerts/coalesce.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { FindingStore } from '../../settlement/reconcile/ports.ts'
import type { Finding } from '../../settlement/reconcile/types.ts'
import type { Database, Row } from '../database/database.ts'
import { insertEvents } from '../insert-events.ts'
import { integer, optional, text } from '../database/row.ts'

function findingOf(row: Row): Finding {
  const { ledger, chain } = row['detail'] as { ledger: string; chain: string }
  return {
    id: text(row['id']),
    class: text(row['class']),
    network: text(row['network']),
    subject: text(row['subject']),
    ledger,
    chain,
    state: text(row['state']),
    openedAtMs: integer(row['opened_at_ms']),
    seenAtMs: integer(row['seen_at_ms']),
    ...optional('closedAtMs', row['closed_at_ms'], integer),
    ...optional('closedBy', row['closed_by'], text<'itself' | 'operator'>),
    ...optional('reason', row['reason'], text<string>),
  }
}

/** Open findings of one class. */
export type FindingCount = { readonly class: string; readonly open: number; readonly oldestAtMs: number }

/** What reconciliation found, from the first time seen until it is closed. */
export function openFindingStore({ database }: { database: Database }) {
  return {
    listStanding: async ({ network }) => {
      const rows = await database.query(
        `select * from findings where network = $1 and (state = 'open' or closed_by = 'operator')`,
        [network],
      )
      return rows.map(findingOf)
    },
    openFinding: async ({ difference: { class: kind, network, subject, ledger, chain }, atMs }) => {
      const id = `finding_${randomUUID()}`
      const data = { finding_id: id, kind, subject }
      const event = newEvent({ type: 'finding.opened', organizationId: null, cause: [id], data, atMs })
      await database.transaction(async (sql) => {
        const opened = await sql.query(
          `insert into findings (id, class, network, subject, detail, state, opened_at_ms, seen_at_ms)
           values ($1, $2, $3, $4, $5::jsonb, 'open', $6, $6) on conflict do nothing returning id`,
          [id, kind, network, subject, JSON.stringify({ ledger, chain }), atMs],
        )
        if (opened.length > 0) await insertEvents({ sql, events: [event] })
      })
    },
    touchFinding: async ({ id, difference: { ledger, chain }, atMs }) => {
      await database.query(
        `update findings set detail = $2::jsonb, seen_at_ms = $3 where id = $1 and state = 'open'`,
        [id, JSON.stringify({ ledger, chain }), atMs],
      )
    },
    closeFinding: async ({ id, by, reason, atMs }) => {
      const rows = await database.query(
        `update findings set state = 'closed', closed_at_ms = $2, closed_by = $3, reason = $4
         where id = $1 and state = 'open' returning id`,
        [id, atMs, by, reason],
      )
      return rows.length === 1
    },
    getFinding: async (id: string): Promise<Finding | undefined> => {
      const [row] = await database.query('select * from findings where id = $1', [id])
      return row && findingOf(row)
    },
    /** Newest first, or oldest first; one more than asked tells whether there are more. */
    listFindings: async ({
      state,
      after,
      before,
      order = 'desc',
      limit,
    }: {
      state?: 'open' | 'closed'
      after?: string
      before?: string
      order?: 'asc' | 'desc'
      limit: number
    }): Promise<{ readonly findings: readonly Finding[]; readonly hasMore: boolean }> => {
      const size = Math.min(Math.max(1, limit), LIMITS.listEntries)
      const [later, earlier] = order === 'desc' ? ['<', '>'] : ['>', '<']
      const place = (parameter: string) => `(select opened_at_ms, id from findings where id = ${parameter})`
      const isBackwards = before !== undefined
      const direction = (order === 'desc') === !isBackwards ? 'desc' : 'asc'
      const rows = await database.query(
        `select * from findings where ($1::text is null or state = $1)
           and ($2::text is null or (opened_at_ms, id) ${later} ${place('$2')})
           and ($3::text is null or (opened_at_ms, id) ${earlier} ${place('$3')})
         order by opened_at_ms ${direction}, id ${direction} limit $4`,
        [state ?? null, after ?? null, before ?? null, size + 1],
      )
      const page = rows.slice(0, size).map(findingOf)
      return { findings: isBackwards ? page.toReversed() : page, hasMore: rows.length > size }
    },
    countOpen: async (): Promise<readonly FindingCount[]> => {
      const rows = await database.query(
        `select class, count(*) as open, min(opened_at_ms) as oldest from findings where state = 'open' group by class`,
      )
      return rows.map((row) => ({
        class: text(row['class']),
        open: integer(row['open']),
        oldestAtMs: integer(row['oldest']),
      }))
    },
    /** Per network, which share of the value that moved since then an entry explains; 1 where nothing moved. */
    explainedShares: async ({
      sinceMs,
      olderThanMs,
    }: {
      sinceMs: number
      olderThanMs: number
    }): Promise<readonly { readonly network: string; readonly share: number }[]> => {
      const rows = await database.query(
        `select network, coalesce(1 - sum(amount / 10::numeric ^ decimals) filter (where entry_id is null)
           / nullif(sum(amount / 10::numeric ^ decimals), 0), 1)::float8 as share
         from chain_logs where event = 'transfer' and seen_at_ms >= $1 and seen_at_ms < $2 group by network`,
        [sinceMs, olderThanMs],
      )
      return rows.map((row) => ({ network: text(row['network']), share: Number(row['share']) }))
    },
  } satisfies FindingStore & Record<string, unknown>
}
