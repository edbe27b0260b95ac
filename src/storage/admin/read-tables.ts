import {
  type AdminResource,
  type AdminResources,
  EVERY_ORGANIZATION,
  type Tenant,
} from '../../call/admin-ports.ts'
import type { AlertEvent } from '../../governance/alerts/events.ts'
import type { AuditEntry } from '../../governance/audit/types.ts'
import type { Row } from '../database/database.ts'
import { integer, optional, text } from '../database/row.ts'
import { GOVERNED_TABLES, organizationOf } from './governed-tables.ts'

/** How a resource is listed and found. */
export type ReadTable<Value> = {
  readonly table: string
  readonly id: string
  /** What lists are ordered by, before the id. */
  readonly madeAt: string
  /** Condition for what is not archived. */
  readonly living?: string
  /** Its ids are unique in one organisation only, so it has to be asked for one. */
  readonly isPerTenant?: true
  readonly filters: Readonly<Record<string, string>>
  readonly read: (row: Row) => Value
}

export const auditEntryOf = (row: Row): AuditEntry => ({
  organizationId: text(row['organization_id']),
  sequence: integer(row['sequence']),
  atMs: integer(row['at_ms']),
  actor: { kind: text(row['actor_kind']), id: text(row['actor_id']) },
  via: text(row['via']),
  action: text(row['action']),
  target: { kind: text(row['target_kind']), id: text(row['target_id']) },
  before: (row['before'] ?? null) as AuditEntry['before'],
  after: (row['after'] ?? null) as AuditEntry['after'],
  requestId: row['request_id'] === null ? null : text(row['request_id']),
  addressDigest: row['address_digest'] === null ? null : text(row['address_digest']),
  previousHash: text(row['previous_hash']),
  hash: text(row['hash']),
})

const eventOf = (row: Row): AlertEvent =>
  ({
    id: text<string>(row['id']),
    type: text<AlertEvent['type']>(row['type']),
    organizationId: organizationOf(row),
    atMs: integer(row['at_ms']),
    data: row['data'],
    count: integer(row['count']),
    lastAtMs: integer(row['last_at_ms']),
  }) as AlertEvent

const AUDIT: ReadTable<AuditEntry> = {
  table: 'audit_events',
  id: 'sequence::text',
  madeAt: 'sequence',
  isPerTenant: true,
  filters: { actorId: 'actor_id', action: 'action', targetKind: 'target_kind', targetId: 'target_id' },
  read: auditEntryOf,
}

const EVENTS: ReadTable<AlertEvent> = {
  table: 'outbox_events',
  id: 'id',
  madeAt: 'at_ms',
  filters: { type: 'type' },
  read: eventOf,
}

const DELIVERIES: ReadTable<AdminResources['deliveries']> = {
  table: 'deliveries',
  id: 'id',
  madeAt: 'created_at_ms',
  filters: { webhookId: 'webhook_id', eventId: 'event_id', state: 'state' },
  read: (row) => ({
    id: text(row['id']),
    organizationId: organizationOf(row),
    eventId: text(row['event_id']),
    webhookId: text(row['webhook_id']),
    state: text(row['state']),
    attempts: integer(row['attempts']),
    nextAtMs: integer(row['next_at_ms']),
    ...optional('lastStatus', row['last_status'], integer),
    ...optional('lastErrorCode', row['last_error_code'], text<string>),
    ...optional('endedAtMs', row['ended_at_ms'], integer),
    version: integer(row['version']),
  }),
}

const GOVERNED = GOVERNED_TABLES as unknown as Readonly<Record<string, object>>

/** How each resource is read. */
export function readTableOf<Resource extends AdminResource>(
  resource: Resource,
): ReadTable<AdminResources[Resource]> {
  const own = { audit: AUDIT, events: EVENTS, deliveries: DELIVERIES }
  const isOwn = (name: AdminResource): name is keyof typeof own => Object.hasOwn(own, name)
  const table = isOwn(resource)
    ? own[resource]
    : {
        ...GOVERNED[resource],
        id: 'id',
        madeAt: 'created_at_ms',
        living: 'archived_at_ms is null',
      }
  return table as unknown as ReadTable<AdminResources[Resource]>
}

/**
 * The condition that every query carries, as its first parameter.
 *
 * @throws RangeError where the resource has no ids over all organisations.
 */
export function tenantCondition({
  table: { isPerTenant },
  tenant,
}: {
  table: Pick<ReadTable<unknown>, 'isPerTenant'>
  tenant: Tenant
}): { readonly condition: string; readonly value: string | null } {
  if (tenant !== EVERY_ORGANIZATION) return { condition: 'organization_id = $1', value: tenant }
  if (isPerTenant) throw new RangeError('This is asked for one organisation at a time.')
  return { condition: '$1::text is null', value: null }
}
