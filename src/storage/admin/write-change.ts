import type { AdminChange, GovernedResource, GovernedResources } from '../../call/admin-ports.ts'
import { requireVersion } from '../../governance/hierarchy/unit-tree.ts'
import { PUBLIC_UNIT } from '../../governance/hierarchy/types.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { Row, Sql } from '../database/database.ts'
import { integer } from '../database/row.ts'
import { type GovernedTable, GOVERNED_TABLES, ownerOf } from './governed-tables.ts'

type Governed = GovernedResources[GovernedResource]

const tableOf = (resource: GovernedResource) =>
  GOVERNED_TABLES[resource] as unknown as GovernedTable<Governed>

const unknown = () =>
  new TurnpikeError('invalid_governance_value', {
    param: 'id',
    message: 'There is no such record in this organisation.',
  })

/** Whose row it may be: the tenant's, and for what can be linked and let go nobody's. */
const ownersOf = (resource: GovernedResource, tenant: string): readonly string[] =>
  tableOf(resource).mayChangeTenant ? [tenant, PUBLIC_UNIT.id] : [tenant]

async function lockRow({
  sql,
  resource,
  id,
}: {
  sql: Sql
  resource: GovernedResource
  id: string
}): Promise<Row | undefined> {
  const [row] = await sql.query(`select * from ${tableOf(resource).table} where id = $1 for update`, [id])
  return row
}

/**
 * Makes sure that a row is as its reader saw it.
 *
 * @throws TurnpikeError `version_conflict`; `invalid_governance_value` where it is not this tenant's, as if there were none.
 */
export async function requireUnchanged({
  sql,
  tenant,
  resource,
  id,
  version,
}: {
  sql: Sql
  tenant: string
  resource: GovernedResource
  id: string
  version: number
}): Promise<Row> {
  const row = await lockRow({ sql, resource, id })
  if (!row || !ownersOf(resource, tenant).includes(String(row['organization_id']))) throw unknown()
  requireVersion({ has: integer(row['version']), expected: version })
  return row
}

const tenantOf = ({ resource, value }: AdminChange): string =>
  resource === 'organizations' ? value.id : ownerOf(value.organizationId)

/**
 * Writes one row, and says what it was and is.
 *
 * @throws TurnpikeError as {@link requireUnchanged}; RangeError where the value names another tenant, which is a fault of ours.
 */
export async function writeChange({
  sql,
  tenant,
  change,
  atMs,
}: {
  sql: Sql
  tenant: string
  change: AdminChange
  atMs: number
}): Promise<{ readonly before: Governed | undefined; readonly after: Governed }> {
  const { resource, value, expectedVersion } = change
  const table = tableOf(resource)
  const owner = tenantOf(change)
  if (!ownersOf(resource, tenant).includes(owner)) throw new RangeError('A commit is of one organisation.')
  const { created_at_ms: createdAtMs = atMs, ...own } = table.write(value)
  const columns = {
    ...own,
    organization_id: owner,
    version: expectedVersion + 1,
    archived_at_ms: value.archivedAtMs ?? null,
  }
  const names = Object.keys(columns)
  const values: readonly unknown[] = Object.values(columns)
  if (expectedVersion === 0) {
    const rows = await sql.query(
      `insert into ${table.table} (id, created_at_ms, ${names.join(', ')})
       values ($1, $2, ${names.map((_, index) => `$${index + 3}`).join(', ')}) on conflict (id) do nothing returning *`,
      [value.id, createdAtMs, ...values],
    )
    const [row] = rows
    if (!row) throw await taken({ sql, tenant, resource, id: value.id })
    return { before: undefined, after: table.read(row) }
  }
  const was = await requireUnchanged({ sql, tenant, resource, id: value.id, version: expectedVersion })
  const [row] = await sql.query(
    `update ${table.table} set ${names.map((name, index) => `${name} = $${index + 2}`).join(', ')} where id = $1 returning *`,
    [value.id, ...values],
  )
  if (!row) throw unknown()
  return { before: table.read(was), after: table.read(row) }
}

/** An id that is there: the tenant's own was made meanwhile; of another's nothing is said. */
async function taken({
  sql,
  tenant,
  resource,
  id,
}: {
  sql: Sql
  tenant: string
  resource: GovernedResource
  id: string
}): Promise<TurnpikeError> {
  const row = await lockRow({ sql, resource, id })
  const isOwn = row !== undefined && row['organization_id'] === tenant
  return isOwn
    ? new TurnpikeError('version_conflict', { extra: { metadata: { version: integer(row['version']) } } })
    : new TurnpikeError('invalid_governance_value', { param: 'id', message: 'This id cannot be used.' })
}
