import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  authorityFor,
  type Grant,
  mayChange,
  mayDo,
  missingForGrant,
  requireGrantable,
  requirePermission,
} from '../../../src/governance/roles/may-do.ts'
import { MATRIX_HEADS, matrixRows } from '../../../src/governance/roles/permission-matrix.ts'
import {
  isPermission,
  PERMISSION_NAMES,
  type RolePermissions,
} from '../../../src/governance/roles/permissions.ts'
import { type BuiltInRole, BUILT_IN_ROLES, ROLES } from '../../../src/governance/roles/roles.ts'
import { errorOf } from './records.ts'

const PATHS = [['acme'], ['acme', 'sales'], ['acme', 'sales', 'emea'], ['acme', 'research'], ['other']]
const grant = (role: BuiltInRole, ...unitPath: string[]): Grant => ({
  unitPath,
  permissions: ROLES[role].permissions,
})

test('a grant holds in its unit and below, never above, beside, or elsewhere', () => {
  const grants = [grant('admin', 'acme', 'sales')]
  const where = PATHS.filter((unitPath) => mayDo({ grants, permission: 'keys:revoke', unitPath }))
  expect(where).toEqual([
    ['acme', 'sales'],
    ['acme', 'sales', 'emea'],
  ])
  const error = errorOf(() =>
    requirePermission({ grants, permission: 'keys:revoke', unitPath: ['acme', 'research'] }),
  )
  expect(error.code).toBe('permission_denied')
  expect(error.details.extra).toEqual({ metadata: { permission: 'keys:revoke', unit: 'research' } })
})

test('what is held over one’s own is held over nothing else', () => {
  const grants = [grant('developer', 'acme')]
  const asked = { grants, permission: 'keys:revoke', unitPath: ['acme', 'sales'] } as const
  expect(mayDo(asked)).toBe(false)
  expect(mayDo({ ...asked, isOwn: true })).toBe(true)
})

test('each role may what the matrix says', () => {
  const rows = new Map(matrixRows().map((row) => [row[0], row]))
  const cell = (permission: string, role: string) => rows.get(permission)?.[MATRIX_HEADS.indexOf(role)]
  expect(rows.size).toBe(PERMISSION_NAMES.length)
  expect(MATRIX_HEADS.slice(2)).toEqual([...BUILT_IN_ROLES, 'wallet without organisation'])
  for (const permission of PERMISSION_NAMES) expect(cell(permission, 'owner')).toBe('x')
  for (const permission of ['organizations:archive', 'sso:write', 'credit:top-up', 'ledger:export'])
    expect(cell(permission, 'admin')).toBe('')
  for (const permission of ['units:move', 'roles:grant', 'keys:rotate', 'budgets:write', 'webhooks:write'])
    expect(cell(permission, 'admin')).toBe('x')
  expect(cell('budgets:write', 'billing')).toBe('x')
  expect(cell('policies:write', 'billing')).toBe('')
  expect(cell('credit:withdraw', 'billing')).toBe('x')
  expect(cell('models:call', 'developer')).toBe('own')
  expect(cell('usage:read', 'developer')).toBe('own')
  expect(cell('audit:read', 'developer')).toBe('')
  expect(cell('audit:read', 'auditor')).toBe('x')
  expect(cell('models:call', 'wallet without organisation')).toBe('own')
  for (const role of ['auditor', 'viewer'])
    for (const permission of PERMISSION_NAMES)
      if (!permission.endsWith(':read') && permission !== 'ledger:export')
        expect([permission, cell(permission, role)]).toEqual([permission, ''])
})

test('permissions are resource:action, and inherited names are none', () => {
  for (const name of PERMISSION_NAMES) expect(name).toMatch(/^[a-z]+:[a-z-]+$/)
  expect(isPermission('models:call')).toBe(true)
  expect(isPermission('constructor')).toBe(false)
})

test('nobody grants more than they hold, nor above their unit', () => {
  const grants = [grant('admin', 'acme', 'sales')]
  const missing = (role: BuiltInRole, unitPath: readonly string[]) =>
    missingForGrant({ grants, role: ROLES[role].permissions, unitPath })
  expect(missing('developer', ['acme', 'sales', 'emea'])).toEqual([])
  expect(missing('admin', ['acme', 'sales'])).toEqual([])
  expect(missing('owner', ['acme', 'sales'])).toContain('credit:withdraw')
  expect(errorOf(() => missing('viewer', ['acme'])).code).toBe('permission_denied')
  const error = errorOf(() =>
    requireGrantable({ grants, role: ROLES.billing.permissions, unitPath: ['acme', 'sales'] }),
  )
  expect(error.code).toBe('grant_exceeds_own')
  expect(error.message).toContain('credit:top-up')
  const own = [grant('developer', 'acme'), { unitPath: ['acme'], permissions: { 'roles:grant': 'subtree' } }]
  expect(
    missingForGrant({ grants: own as Grant[], role: { 'keys:read': 'subtree' }, unitPath: ['acme'] }),
  ).toEqual(['keys:read'])
})

test('whatever is granted by whoever may, nobody comes to hold what no granter held there', () => {
  const permission = fc.constantFrom(...PERMISSION_NAMES)
  const role = fc.dictionary(permission, fc.constantFrom('subtree', 'own'), {
    maxKeys: 6,
  }) as fc.Arbitrary<RolePermissions>
  const path = fc.constantFrom(...PATHS)
  const held = fc.array(fc.record({ unitPath: path, permissions: role }), { maxLength: 4 })
  fc.assert(
    fc.property(held, role, path, permission, path, (mine, given, at, name, somewhere) => {
      const grants: Grant[] = [...mine, { unitPath: at, permissions: { 'roles:grant': 'subtree' } }]
      if (missingForGrant({ grants, role: given, unitPath: at }).length > 0) return
      const theirs: Grant[] = [{ unitPath: at, permissions: given }]
      for (const isOwn of [true, false]) {
        const asked = { permission: name, unitPath: somewhere, isOwn }
        if (mayDo({ grants: theirs, ...asked })) expect(mayDo({ grants, ...asked })).toBe(true)
      }
    }),
    { numRuns: 1_000 },
  )
})

test('what was set from above is not loosened from below', () => {
  const at = { permission: 'budgets:write', unitPath: ['acme', 'sales', 'emea'], isOwn: true } as const
  const owner = authorityFor({ ...at, grants: [grant('owner', 'acme')] })
  const admin = authorityFor({ ...at, grants: [grant('admin', 'acme', 'sales'), grant('developer', 'acme')] })
  const team = authorityFor({ ...at, grants: [grant('admin', 'acme', 'sales', 'emea')] })
  const developer = authorityFor({ ...at, grants: [grant('developer', 'acme')] })
  expect(admin).toEqual({ unitPath: ['acme', 'sales'], reach: 'subtree' })
  const order = [owner, admin, team, developer]
  for (const [index, authority] of order.entries())
    for (const [other, setBy] of order.entries()) expect(mayChange({ authority, setBy })).toBe(index <= other)
  expect(errorOf(() => authorityFor({ ...at, grants: [grant('viewer', 'acme')] })).code).toBe(
    'permission_denied',
  )
})
