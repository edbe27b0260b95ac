import type { AttemptOutcome, OutboxStore } from '../call/outbox-ports.ts'
import { appendAudit, closeLog, lockLog } from './admin/audit-log.ts'
import { auditSide } from './admin/governed-json.ts'
import { GOVERNED_TABLES } from './admin/governed-tables.ts'
import { writeChange } from './admin/write-change.ts'
import type { Sql } from './database.ts'
import { text } from './row.ts'

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
  if (kind === 'gone') await switchOff({ sql, webhookId, atMs })
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

/** Its receiver says that it is gone. A change of a record like any other, with its entry in the audit log. */
async function switchOff({
  sql,
  webhookId,
  atMs,
}: {
  sql: Sql
  webhookId: string
  atMs: number
}): Promise<void> {
  const [owner] = await sql.query('select organization_id from webhooks where id = $1', [webhookId])
  if (!owner) return
  const organizationId = text<string>(owner['organization_id'])
  // The log first, as every change of this organisation does.
  const log = await lockLog({ sql, organizationId })
  const [row] = await sql.query('select * from webhooks where id = $1 for update', [webhookId])
  const webhook = row && GOVERNED_TABLES.webhooks.read(row)
  if (!webhook || webhook.disabledAtMs !== undefined || webhook.archivedAtMs !== undefined) return
  const { before, after } = await writeChange({
    sql,
    tenant: organizationId,
    change: {
      resource: 'webhooks',
      value: { ...webhook, disabledAtMs: atMs },
      expectedVersion: webhook.version,
    },
    atMs,
  })
  const record = {
    organizationId,
    atMs,
    actor: { kind: 'system', id: 'webhooks' },
    via: 'system',
    action: 'webhooks:write',
    requestId: null,
    addressDigest: null,
    target: { kind: 'webhooks', id: webhookId },
    before: auditSide(before),
    after: auditSide(after),
  } as const
  await closeLog({ sql, organizationId, log: await appendAudit({ sql, log, record }) })
}
