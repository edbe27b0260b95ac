import { checkName, nameKey } from '../../governance/hierarchy/check-name.ts'
import { requireGrantable } from '../../governance/roles/may-do.ts'
import type { RolePermissions } from '../../governance/roles/permissions.ts'
import { BUILT_IN_ROLES, ROLES } from '../../governance/roles/roles.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { CustomRole } from '../admin-ports.ts'
import { grantsOf, type Spot } from './asker.ts'
import { changing, type Decision, type Desk, making } from './desk.ts'
import { notThere } from './directory.ts'
import { organizationAsked } from './list-records.ts'

type Versioned = { readonly id: string; readonly version?: number | undefined }

const isBuiltIn = (role: string): role is keyof typeof ROLES => BUILT_IN_ROLES.some((name) => name === role)

/** Lets nobody give more than they hold. @throws TurnpikeError `permission_denied`, `key_kind_mismatch`, `grant_exceeds_own`. */
function needGrantable(
  desk: Desk,
  spot: Spot,
  role: RolePermissions,
  permission: 'roles:grant' | 'roles:write',
) {
  desk.need(spot)
  const grants = grantsOf({ asker: desk.asker, organizationId: spot.organizationId })
  requireGrantable({ grants, role, unitPath: spot.unitPath, permission })
}

async function requireFreeRoleName(
  desk: Desk,
  organizationId: string,
  name: string,
  but?: string,
): Promise<void> {
  const others = await desk.records.listAll('roles', organizationId)
  const isTaken =
    isBuiltIn(nameKey(name)) || others.some((one) => one.id !== but && nameKey(one.name) === nameKey(name))
  if (isTaken)
    throw new TurnpikeError('name_taken', { param: 'name', message: `There is a role "${name}" already.` })
}

export async function createRole(
  desk: Desk,
  {
    organizationId: asked,
    name: given,
    permissions,
  }: { organizationId: string | undefined; name: string; permissions: RolePermissions },
): Promise<Decision> {
  const organizationId = await organizationAsked(desk, asked)
  needGrantable(desk, { organizationId, unitPath: [organizationId] }, permissions, 'roles:write')
  const name = checkName({ name: given, param: 'name' })
  await requireFreeRoleName(desk, organizationId, name)
  const role: CustomRole = { id: desk.newId(), organizationId, name, permissions, version: 1 }
  return { organizationId, changes: [making('roles', role)], answer: { resource: 'roles', id: role.id } }
}

/** Changes a role of one's own: neither what it was nor what it will be may go beyond what the changer holds. */
export async function changeRole(
  desk: Desk,
  {
    id,
    name: given,
    permissions,
    version,
  }: Versioned & { name?: string | undefined; permissions?: RolePermissions | undefined },
): Promise<Decision> {
  const was = await desk.records.get('roles', id)
  const { organizationId } = was
  const spot = { organizationId, unitPath: [organizationId] }
  needGrantable(desk, spot, was.permissions, 'roles:write')
  if (permissions) needGrantable(desk, spot, permissions, 'roles:write')
  const name = given === undefined ? was.name : checkName({ name: given, param: 'name' })
  await requireFreeRoleName(desk, organizationId, name, id)
  const role = { ...was, name, ...(permissions ? { permissions } : {}) }
  return {
    organizationId,
    changes: [changing('roles', was, role, version)],
    answer: { resource: 'roles', id },
  }
}

/** Archives a role; whoever holds it holds it no longer. */
export async function archiveRole(desk: Desk, { id, version }: Versioned): Promise<Decision> {
  const { records, nowMs } = desk
  const was = await records.get('roles', id)
  const { organizationId } = was
  needGrantable(desk, { organizationId, unitPath: [organizationId] }, was.permissions, 'roles:write')
  const answer = { resource: 'roles', id } as const
  if (was.archivedAtMs !== undefined) return { organizationId, changes: [], answer }
  const grants = await records.listAll('grants', organizationId, { where: { role: id } })
  return {
    organizationId,
    changes: [
      changing('roles', was, { ...was, archivedAtMs: nowMs }, version),
      ...grants.map((grant) => changing('grants', grant, { ...grant, archivedAtMs: nowMs })),
    ],
    answer,
  }
}

/** What a grant gives, and the row that says so. */
async function roleNamed(desk: Desk, role: string, organizationId: string) {
  if (isBuiltIn(role)) return { permissions: ROLES[role].permissions, row: undefined }
  const row = await desk.records.get('roles', role, 'role')
  if (row.organizationId !== organizationId || row.archivedAtMs !== undefined) throw notThere('roles', 'role')
  return { permissions: row.permissions, row }
}

/** Gives a principal a role at a unit and all below it. */
export async function createGrant(
  desk: Desk,
  { principalId, unitId, role }: { principalId: string; unitId: string; role: string },
): Promise<Decision> {
  const { records } = desk
  const unit = await records.unitOf(unitId)
  const { organizationId } = unit
  const { permissions, row } = await roleNamed(desk, role, organizationId)
  needGrantable(desk, { organizationId, unitPath: unit.path }, permissions, 'roles:grant')
  const principal = await records.get('principals', principalId, 'principal_id')
  if (principal.organizationId !== organizationId) throw notThere('principals', 'principal_id')
  if (principal.archivedAtMs !== undefined) throw new TurnpikeError('principal_archived')
  if (unit.archivedAtMs !== undefined) throw new TurnpikeError('unit_archived', { param: 'unit_id' })
  const held = await records.listAll('grants', organizationId, { where: { principalId, unitId, role } })
  // One that a group has given goes with the group: who gives it by hand means it to stay.
  const same = held.find(({ isByGroup }) => !isByGroup)
  if (same) return { organizationId, changes: [], answer: { resource: 'grants', id: same.id } }
  const id = desk.newId()
  return {
    organizationId,
    changes: [making('grants', { id, organizationId, principalId, unitId, role, version: 1 })],
    unchanged: [
      { resource: 'units', id: unit.id, version: unit.version },
      { resource: 'principals', id: principal.id, version: principal.version },
      ...(row ? [{ resource: 'roles', id: row.id, version: row.version } as const] : []),
    ],
    answer: { resource: 'grants', id },
  }
}

/** Takes a role away: at most one that its taker could have given. */
export async function takeGrant(desk: Desk, { id, version }: Versioned): Promise<Decision> {
  const { records, nowMs } = desk
  const was = await records.get('grants', id)
  const { organizationId } = was
  const spot = await records.spotOfUnit(was.unitId)
  const permissions = isBuiltIn(was.role)
    ? ROLES[was.role].permissions
    : ((await records.find('roles', was.role))?.permissions ?? {})
  needGrantable(desk, spot, permissions, 'roles:grant')
  const isTaken = was.archivedAtMs !== undefined
  return {
    organizationId,
    changes: isTaken ? [] : [changing('grants', was, { ...was, archivedAtMs: nowMs }, version)],
    answer: { resource: 'grants', id },
  }
}
