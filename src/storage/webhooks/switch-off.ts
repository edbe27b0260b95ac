import { newEvent } from '../../governance/alerts/coalesce.ts'
import { appendAudit, closeLog, lockLog } from '../admin/audit-log.ts'
import { auditSide } from '../admin/governed-json.ts'
import { GOVERNED_TABLES } from '../admin/governed-tables.ts'
import { writeChange } from '../admin/write-change.ts'
import type { Sql } from '../database/database.ts'
import { insertEvents } from '../insert-events.ts'
import { text } from '../database/row.ts'

/** Its receiver says that it is gone, or has taken nothing for too long. */
export type WhySwitchedOff =
  | { readonly code: 'gone' }
  | { readonly code: 'failing'; readonly sinceMs: number }

/**
 * Switches a subscription off: a change of a record like any other, with its entry in the audit log and an alert to the other subscriptions of
 * its organisation, inside the caller's commit. Whoever switches it on again begins with a clean sheet.
 */
export async function switchOff({
  sql,
  webhookId,
  reason,
  atMs,
}: {
  sql: Sql
  webhookId: string
  reason: WhySwitchedOff
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
  // Something was taken, or it was switched off and on again, while we waited.
  if (reason.code === 'failing' && webhook.failingSinceMs !== reason.sinceMs) return
  await sql.query('update webhooks set failing_since_ms = null where id = $1', [webhookId])
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
    action: 'webhook:switched_off',
    requestId: null,
    addressDigest: null,
    target: { kind: 'webhooks', id: webhookId },
    before: auditSide(before),
    after: auditSide(after),
  } as const
  const failingSince = reason.code === 'failing' ? new Date(reason.sinceMs).toISOString() : null
  const event = newEvent({
    type: 'webhook.switched_off',
    organizationId,
    cause: [webhookId, String(after.version)],
    data: { webhook_id: webhookId, reason_code: reason.code, failing_since: failingSince },
    atMs,
  })
  await insertEvents({ sql, events: [event] })
  await closeLog({ sql, organizationId, log: await appendAudit({ sql, log, record }) })
}
