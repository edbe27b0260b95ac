import type { AttemptOutcome, OutboxStore } from '../../call/outbox-ports.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { Sql } from '../database/database.ts'
import { integer, text } from '../database/row.ts'
import { switchOff } from './switch-off.ts'

const STATES = { delivered: 'delivered', again: 'waiting', dead: 'dead', gone: 'dead' } as const

/** Writes how an attempt ended, inside the caller's commit. False where the lease was somebody else's by then. */
export async function endAttempt({
  sql,
  delivery: { id, version },
  outcome,
  atMs,
}: { sql: Sql } & Parameters<OutboxStore['endAttempt']>[0]): Promise<boolean> {
  const { kind, status, errorCode } = outcome
  const [row] = await sql.query(
    `update deliveries set state = $3, lease_expires_at_ms = 0, next_at_ms = coalesce($4::bigint, next_at_ms), last_status = $5,
       last_error_code = $6, ended_at_ms = case when $3 = 'waiting' then null else $7::bigint end, version = version + 1
     where id = $1 and version = $2 and state = 'waiting' returning webhook_id`,
    [
      id,
      version,
      STATES[kind],
      kind === 'again' ? Math.round(outcome.nextAtMs) : null,
      status ?? null,
      errorCode ?? null,
      atMs,
    ],
  )
  if (!row) return false
  const webhookId = text<string>(row['webhook_id'])
  await holdOthers({ sql, webhookId, outcome, atMs })
  if (kind === 'gone') await switchOff({ sql, webhookId, reason: { code: 'gone' }, atMs })
  else await noteFailing({ sql, webhookId, outcome, atMs })
  return true
}

async function holdOthers({
  sql,
  webhookId,
  outcome,
  atMs,
}: {
  sql: Sql
  webhookId: string
  outcome: AttemptOutcome
  atMs: number
}): Promise<void> {
  if (outcome.kind !== 'again' || !outcome.holdsAll) return
  await sql.query(
    `update deliveries set next_at_ms = greatest(next_at_ms, $2::bigint)
     where webhook_id = $1 and state = 'waiting' and lease_expires_at_ms <= $3`,
    [webhookId, Math.round(outcome.nextAtMs), atMs],
  )
}

/** Faults of ours: no receiver can do anything about them. */
const OURS: readonly (string | undefined)[] = ['body_too_large', 'secret_unreadable']

/**
 * Remembers since when nothing was taken, and switches the subscription off where that is too long. A row is written where that changes
 * alone, so the usual delivery writes none.
 */
async function noteFailing({
  sql,
  webhookId,
  outcome: { kind, errorCode },
  atMs,
}: {
  sql: Sql
  webhookId: string
  outcome: AttemptOutcome
  atMs: number
}): Promise<void> {
  if (kind === 'delivered') {
    await sql.query(
      'update webhooks set failing_since_ms = null where id = $1 and failing_since_ms is not null',
      [webhookId],
    )
    return
  }
  if (OURS.includes(errorCode)) return
  const [row] = await sql.query('select failing_since_ms from webhooks where id = $1', [webhookId])
  const sinceMs = row?.['failing_since_ms']
  if (sinceMs === null)
    await sql.query(
      'update webhooks set failing_since_ms = $2 where id = $1 and failing_since_ms is null and disabled_at_ms is null',
      [webhookId, atMs],
    )
  else if (row && atMs - integer(sinceMs) >= LIMITS.webhookFailingMs)
    await switchOff({ sql, webhookId, reason: { code: 'failing', sinceMs: integer(sinceMs) }, atMs })
}
