import type { CallerRules, RulesStore } from '../../call/rules-ports.ts'
import { PUBLIC_UNIT } from '../../governance/hierarchy/types.ts'
import type { Grant } from '../../governance/roles/may-do.ts'
import type { RolePermissions } from '../../governance/roles/permissions.ts'
import { BUILT_IN_ROLES, ROLES, WALLET_PERMISSIONS } from '../../governance/roles/roles.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { Address } from '../../payment/types.ts'
import { DATABASE_NOW_MS } from '../admin/audit-log.ts'
import { GOVERNED_TABLES } from '../admin/governed-tables.ts'
import type { Database, Row } from '../database/database.ts'
import { integer, optional, text } from '../database/row.ts'

/** The key's principal; none where it has left the key's organisation: then the key is nobody's. */
const WHO_BY_KEY = `
  select k.id as key_id, p.id as principal_id, p.organization_id, p.unit_id, p.kind, p.address
  from api_keys k join principals p on p.id = k.principal_id and p.organization_id = k.organization_id where k.id = $1`

const WHO_BY_PRINCIPAL = `
  select null::text as key_id, p.id as principal_id, p.organization_id, p.unit_id, p.kind, p.address from principals p where p.id = $1`

/** The wallet's principal; of a wallet nobody knows the address stands for it, so that what was set for it beforehand binds. */
const WHO_BY_ADDRESS = `
  select null::text as key_id, coalesce(p.id, a.address) as principal_id, coalesce(p.organization_id, '${PUBLIC_UNIT.id}') as organization_id,
    coalesce(p.unit_id, '${PUBLIC_UNIT.id}') as unit_id, 'wallet' as kind, a.address
  from (select $1::text as address) a left join principals p on p.address = a.address`

/** What hangs on any place of the way, and is not archived. */
const hanging = (table: string, row = 'to_jsonb(x)') => `
  (select coalesce(jsonb_agg(${row} order by x.created_at_ms, x.id), '[]') from places l
   join ${table} x on x.organization_id = l.organization_id and x.level = l.level and x.level_id = l.level_id
   where x.archived_at_ms is null)`

/** Everything that binds a caller, in one statement: at one moment. Amounts go as text, since JSON's numbers are floats. */
const rulesOf = (who: string) => `
  with who as materialized (${who}), here as materialized (
    select w.*, coalesce(u.path, array[w.unit_id]) as path
    from who w left join units u on u.id = w.unit_id and u.organization_id = w.organization_id
  ), places as materialized (
    select organization_id, 'organization' as level, organization_id as level_id from here
    union all select h.organization_id, 'unit', u.id from here h cross join unnest(h.path[2:]) as u(id)
    union all select organization_id, case kind when 'wallet' then 'wallet' else 'principal' end, principal_id from here
    union all select organization_id, 'key', key_id from here where key_id is not null
  )
  select h.organization_id, h.address,
    (select to_jsonb(o) from organizations o where o.id = h.organization_id) as organization,
    (select to_jsonb(u) from units u where u.id = h.unit_id and u.organization_id = h.organization_id) as unit,
    (select to_jsonb(p) from principals p where p.id = h.principal_id and p.organization_id = h.organization_id) as principal,
    (select to_jsonb(k) from api_keys k where k.id = h.key_id) as key,
    (select to_jsonb(w) from wallets w where w.id = h.address and w.archived_at_ms is null) as wallet,
    (select coalesce(jsonb_agg(jsonb_build_object('role', g.role, 'path', u.path, 'permissions', r.permissions)
        order by g.created_at_ms, g.id), '[]')
      from role_grants g join units u on u.id = g.unit_id and u.organization_id = g.organization_id
      left join roles r on r.id = g.role and r.organization_id = g.organization_id and r.archived_at_ms is null
      where g.organization_id = h.organization_id and g.principal_id = h.principal_id and g.archived_at_ms is null) as grants,
    ${hanging('policies')} as policies,
    ${hanging('budgets', `to_jsonb(x) || jsonb_build_object('budget_limit', x.budget_limit::text)`)} as budgets,
    ${hanging('rate_limits')} as rates
  from here h`

const RULES_BY_KEY = rulesOf(WHO_BY_KEY)
const RULES_BY_PRINCIPAL = rulesOf(WHO_BY_PRINCIPAL)
const RULES_BY_ADDRESS = rulesOf(WHO_BY_ADDRESS)

const CHANGED = `
  select organization_id, sequence + touched as sequence from audit_heads
  where changed_at_ms >= ${DATABASE_NOW_MS} - $1::bigint order by organization_id`

const { organizations, units, principals, wallets, keys, policies, budgets, rates } = GOVERNED_TABLES

type StoredGrant = {
  readonly role: string
  readonly path: readonly string[]
  readonly permissions: RolePermissions | null
}

/** A role of the organisation's own that is archived allows nothing any more. */
function grantOf({ role, path, permissions }: StoredGrant): readonly Grant[] {
  const builtIn = BUILT_IN_ROLES.find((name) => name === role)
  if (builtIn) return [{ unitPath: path, permissions: ROLES[builtIn].permissions }]
  return permissions === null ? [] : [{ unitPath: path, permissions }]
}

/** A wallet of nobody's may do everything about itself, and needs no role for it. */
const grantsOf = (row: Row): readonly Grant[] =>
  row['organization_id'] === PUBLIC_UNIT.id
    ? [{ unitPath: PUBLIC_UNIT.path, permissions: WALLET_PERMISSIONS }]
    : (row['grants'] as readonly StoredGrant[]).flatMap(grantOf)

const strangerAt = (address: string): CallerRules['principal'] => ({
  id: address,
  organizationId: null,
  unitId: PUBLIC_UNIT.id,
  kind: 'wallet',
  name: address,
  address,
  version: 0,
})

const one = <Value>(row: unknown, read: (row: Row) => Value): Value | undefined =>
  row === null || row === undefined ? undefined : read(row as Row)
const all = <Value>(rows: unknown, read: (row: Row) => Value): readonly Value[] =>
  (rows as readonly Row[]).map(read)

function callerRulesOf(row: Row): CallerRules {
  const organization = one(row['organization'], organizations.read)
  const principal = one(row['principal'], principals.read) ?? strangerAt(text(row['address']))
  return {
    ...(organization ? { organization } : {}),
    unit: one(row['unit'], units.read) ?? PUBLIC_UNIT,
    principal,
    ...optional('key', row['key'], (stored) => keyOf({ stored: stored as Row, organization, principal })),
    ...optional('wallet', row['wallet'], (stored) => wallets.read(stored as Row)),
    grants: grantsOf(row),
    policies: all(row['policies'], policies.read),
    budgets: all(row['budgets'], budgets.read),
    rates: all(row['rates'], rates.read),
  }
}

/** Whoever archives a key, its principal or the organisation need not remember to revoke it as well. */
function keyOf({
  stored,
  organization,
  principal,
}: {
  stored: Row
  organization: CallerRules['organization']
  principal: CallerRules['principal']
}): NonNullable<CallerRules['key']> {
  const key = keys.read(stored)
  const endedAtMs =
    key.revokedAtMs ?? key.archivedAtMs ?? principal.archivedAtMs ?? organization?.archivedAtMs
  return endedAtMs === undefined ? key : { ...key, revokedAtMs: endedAtMs }
}

/** Reads who calls; see {@link RulesStore}. One statement each, so that a change is seen whole or not at all. */
export function openRulesStore({ database, nowMs }: { database: Database; nowMs: () => number }): RulesStore {
  return {
    getByKey: async (keyId) => one((await database.query(RULES_BY_KEY, [keyId]))[0], callerRulesOf),
    getByPrincipal: async (principalId) =>
      one((await database.query(RULES_BY_PRINCIPAL, [principalId]))[0], callerRulesOf),
    getByWallet: async (address: Address) => {
      const rows = await database.query(RULES_BY_ADDRESS, [address])
      const rules = one(rows[0], callerRulesOf)
      if (!rules) throw new Error('The database answered without the rules of a wallet.')
      return rules
    },
    // The time stands in the row before its commit is seen by others, so a poll could pass over it: the look goes back by more than a commit
    // takes. Only how long ago the moment was is taken from this process's clock, which may be ahead of the database's or behind it.
    listChanged: async ({ sinceMs }) => {
      const agoMs = Math.max(0, Math.ceil(nowMs() - sinceMs)) + LIMITS.changesLookBackMs
      const rows = await database.query(CHANGED, [agoMs])
      return rows.map((row) => ({
        organizationId: text(row['organization_id']),
        sequence: integer(row['sequence']),
      }))
    },
  }
}
