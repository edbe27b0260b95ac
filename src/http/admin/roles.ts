import { z } from 'zod'
import type { CustomRole, RoleGrant } from '../../call/admin-ports.ts'
import {
  archiveRole,
  changeRole,
  createGrant,
  createRole,
  takeGrant,
} from '../../call/govern/change-roles.ts'
import { needSomewhere } from '../../call/govern/list-records.ts'
import {
  isPermission,
  PERMISSIONS,
  type Reach,
  type RolePermissions,
} from '../../governance/roles/permissions.ts'
import { ROLES } from '../../governance/roles/roles.ts'
import { id, isoTime, name, pageQuery, version, versionOnly } from './fields.ts'
import { type AdminRoute, type Kind, listing, showing, writing } from './route.ts'

const ROLE: Kind<'roles'> = { resource: 'roles', shape: (_desk, roles) => roles.map(shapeOfRole) }
const GRANT: Kind<'grants'> = { resource: 'grants', shape: (_desk, grants) => grants.map(shapeOfGrant) }

const shapeOfRole = ({
  id,
  organizationId,
  name,
  permissions,
  version,
  archivedAtMs,
}: CustomRole & { archivedAtMs?: number }) => ({
  object: 'role',
  id,
  organization_id: organizationId,
  name,
  permissions,
  version,
  archived_at: isoTime(archivedAtMs),
})

const shapeOfGrant = ({
  id,
  organizationId,
  principalId,
  unitId,
  role,
  isByGroup,
  version,
  archivedAtMs,
}: RoleGrant & { archivedAtMs?: number }) => ({
  object: 'grant',
  id,
  organization_id: organizationId,
  principal_id: principalId,
  unit_id: unitId,
  role,
  is_by_group: isByGroup === true,
  version,
  archived_at: isoTime(archivedAtMs),
})

const permissions = z
  .record(z.string(), z.enum(['subtree', 'own'] as const satisfies readonly Reach[]))
  .refine(
    (given) => Object.keys(given).every(isPermission),
    'has a name that is no permission: GET /admin/v1/permissions',
  )
  .transform((given) => given as RolePermissions)
  .describe('Permissions, each with how far it goes: subtree, or own.')

const ROLE_ROUTES: readonly AdminRoute[] = [
  listing({
    path: '/roles',
    id: 'listRoles',
    summary: "Roles of organisations' own",
    permission: 'roles:read',
    kind: ROLE,
    filters: { name: 'name' },
    query: pageQuery(['name']),
  }),
  showing({ path: '/roles/:id', id: 'getRole', summary: 'One role', permission: 'roles:read', kind: ROLE }),
  writing({
    path: '/roles',
    id: 'createRole',
    summary: 'Makes a role, of at most what its maker holds',
    permission: 'roles:write',
    kind: ROLE,
    isNew: true,
    body: z.strictObject({ organization_id: id.optional(), name, permissions }),
    decide: ({ desk, body }) =>
      createRole(desk, {
        organizationId: body.organization_id,
        name: body.name,
        permissions: body.permissions,
      }),
  }),
  writing({
    method: 'patch',
    path: '/roles/:id',
    id: 'changeRole',
    summary: 'Changes a role for all who hold it',
    permission: 'roles:write',
    kind: ROLE,
    body: z.strictObject({ name: name.optional(), permissions: permissions.optional(), version }),
    decide: ({ desk, params, body, version }) =>
      changeRole(desk, { id: params['id'] ?? '', name: body.name, permissions: body.permissions, version }),
  }),
  writing({
    path: '/roles/:id/archive',
    id: 'archiveRole',
    summary: 'Archives a role; nobody holds it any longer',
    permission: 'roles:write',
    kind: ROLE,
    body: versionOnly,
    decide: ({ desk, params, version }) => archiveRole(desk, { id: params['id'] ?? '', version }),
  }),
  {
    method: 'get',
    path: '/permissions',
    id: 'listPermissions',
    summary: 'Every permission, and the roles that all organisations have',
    permission: 'units:read',
    act: {
      kind: 'other',
      answer: async ({ desk }) => {
        needSomewhere(desk)
        const roles = Object.fromEntries(Object.values(ROLES).map((role) => [role.name, role.permissions]))
        return { object: 'permissions', permissions: PERMISSIONS, roles }
      },
    },
  },
]

const GRANT_ROUTES: readonly AdminRoute[] = [
  listing({
    path: '/grants',
    id: 'listGrants',
    summary: 'Who holds which role where',
    permission: 'roles:read',
    kind: GRANT,
    filters: { principal_id: 'principalId', unit_id: 'unitId', role: 'role' },
    query: pageQuery(['principal_id', 'unit_id', 'role']),
  }),
  showing({
    path: '/grants/:id',
    id: 'getGrant',
    summary: 'One grant',
    permission: 'roles:read',
    kind: GRANT,
  }),
  writing({
    path: '/grants',
    id: 'createGrant',
    summary: 'Gives a principal a role at a unit and all below it',
    permission: 'roles:grant',
    kind: GRANT,
    isNew: true,
    body: z.strictObject({
      principal_id: id,
      unit_id: id,
      role: id.describe("A built-in role's name, or the id of one of your own."),
    }),
    decide: ({ desk, body }) =>
      createGrant(desk, { principalId: body.principal_id, unitId: body.unit_id, role: body.role }),
  }),
  writing({
    path: '/grants/:id/archive',
    id: 'takeGrant',
    summary: 'Takes a role away',
    permission: 'roles:grant',
    kind: GRANT,
    body: versionOnly,
    decide: ({ desk, params, version }) => takeGrant(desk, { id: params['id'] ?? '', version }),
  }),
]

export const RIGHTS_ROUTES: readonly AdminRoute[] = [...ROLE_ROUTES, ...GRANT_ROUTES]
