import {
  type AdminChange,
  type AdminCommit,
  type AdminCommitted,
  type AdminStore,
  EVERY_ORGANIZATION,
  type Tenant,
} from '../../call/admin-ports.ts'
import { PUBLIC_UNIT } from '../../governance/hierarchy/types.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { Database, Sql } from '../database/database.ts'
import { insertEvents } from '../insert-events.ts'
import { appendAudit, closeLog, lockLog, touchLog } from './audit-log.ts'
import { auditSide } from './governed-json.ts'
import { listResource } from './list-resource.ts'
import { readTableOf, tenantCondition } from './read-tables.ts'
import { applyBudgetTerms } from './apply-budget-terms.ts'
import { requireUnchanged, writeChange } from './write-change.ts'

/** What a unique index that is in the way means. */
const TAKEN = {
  units_names: 'name_taken',
  principals_address: 'principal_elsewhere',
  logins_email: 'login_taken',
  logins_subject: 'login_taken',
} as const

function spokenError(error: unknown): unknown {
  const constraint = typeof error === 'object' && error !== null && 'constraint' in error && error.constraint
  if (typeof constraint === 'string' && constraint in TAKEN)
    return new TurnpikeError(TAKEN[constraint as keyof typeof TAKEN], { cause: error })
  return error
}

/** What was answered to the same write before. */
async function findRepeat({
  sql,
  tenant,
  key,
  requestDigest,
}: {
  sql: Sql
  tenant: Tenant
  key: string
  requestDigest: string
}): Promise<AdminCommitted | undefined> {
  const [row] = await sql.query(
    'select request_digest, result from admin_writes where ($1::text is null or organization_id = $1) and idempotency_key = $2',
    [tenant === EVERY_ORGANIZATION ? null : tenant, key],
  )
  if (!row) return undefined
  if (row['request_digest'] !== requestDigest) throw new TurnpikeError('idempotency_conflict')
  return { isRepeat: true, changed: row['result'] as AdminCommitted['changed'] }
}

/** Wallets are nobody's until an organisation knows them, and are bound by the rules of `public` until then. */
const isAboutWallet = ({ resource, value }: AdminChange): boolean =>
  resource === 'wallets' || (resource === 'principals' && value.address !== undefined)

async function commitOnce({ sql, commit }: { sql: Sql; commit: AdminCommit }): Promise<AdminCommitted> {
  const { organizationId: tenant, changes, unchanged = [], events = [], idempotency, atMs } = commit
  let log = await lockLog({ sql, organizationId: tenant })
  const repeat = idempotency && (await findRepeat({ sql, tenant, ...idempotency }))
  if (repeat) return repeat
  for (const row of unchanged) await requireUnchanged({ sql, tenant, ...row })
  const changed: AdminCommitted['changed'][number][] = []
  for (const change of changes) {
    const { resource } = change
    const { before, after } = await writeChange({ sql, tenant, change, atMs })
    const { actor, via, action, requestId, addressDigest } = commit
    const record = {
      organizationId: tenant,
      atMs,
      actor,
      via,
      action,
      requestId,
      addressDigest,
      target: { kind: resource, id: after.id },
      before: auditSide(before),
      after: auditSide(after),
    }
    log = await appendAudit({ sql, log, record })
    if (change.resource === 'budgets')
      await applyBudgetTerms({
        sql,
        budget: { ...change.value, version: change.expectedVersion + 1 },
        atMs,
      })
    changed.push({ resource, id: after.id, version: after.version })
  }
  if (!events.every(({ organizationId }) => [tenant, null].includes(organizationId)))
    throw new RangeError('An event is of the organisation that is changed.')
  await insertEvents({ sql, events })
  if (idempotency)
    await sql.query(
      `insert into admin_writes (organization_id, idempotency_key, request_digest, result, at_ms)
       values ($1, $2, $3, $4::jsonb, $5)`,
      [tenant, idempotency.key, idempotency.requestDigest, JSON.stringify(changed), atMs],
    )
  if (tenant !== PUBLIC_UNIT.id && changes.some(isAboutWallet))
    await touchLog({ sql, organizationId: PUBLIC_UNIT.id })
  await closeLog({ sql, organizationId: tenant, log })
  return { isRepeat: false, changed }
}

/** Everything that is administered, by resource; see {@link AdminStore}. */
export function openAdminStore({ database }: { database: Database }): AdminStore {
  return {
    list: ({ resource, ...query }) => listResource({ sql: database, table: readTableOf(resource), ...query }),
    get: async ({ resource, tenant, id }) => {
      const table = readTableOf(resource)
      const { condition, value } = tenantCondition({ table, tenant })
      const [row] = await database.query(
        `select * from ${table.table} where ${condition} and ${table.id} = $2`,
        [value, id],
      )
      return row && table.read(row)
    },
    findRepeat: (query) => findRepeat({ sql: database, ...query }),
    commit: async (commit) => {
      try {
        return await database.transaction((sql) => commitOnce({ sql, commit }))
      } catch (error) {
        throw spokenError(error)
      }
    },
  }
}
