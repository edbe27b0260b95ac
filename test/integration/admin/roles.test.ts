import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AdminWorld, codeOf, openAdminWorld, paramOf } from '../../support/admin-world.ts'
import { BUILT_IN_ROLES, ROLES } from '../../../src/governance/roles/roles.ts'
import { kindAllows } from '../../../src/governance/keys/key-kinds.ts'
import { makeTenant, type Tenant } from '../../support/tenant.ts'

let world: AdminWorld
let acme: Tenant

beforeAll(async () => {
  world = await openAdminWorld()
  acme = await makeTenant({ world, name: 'Acme' })
})
afterAll(async () => {
  expect(world.errors).toEqual([])
  await world.close()
})

const post = (path: string, body: unknown, token?: string) => world.ask('POST', path, { body, token })
describe.each(BUILT_IN_ROLES)('%s at a unit', (role) => {
  test('reads and changes there what its role says, and nothing above', async () => {
    const { ids } = acme
    const who = await world.member({ unitId: ids.units, role })
    const { permissions } = ROLES[role]
    for (const route of world.routes) {
      const { permission, act, path } = route
      const isOne = act.kind === 'get'
      // One is read as the list is; two roles are enough to see it.
      if (act.kind !== 'list' && !(isOne && (role === 'developer' || role === 'viewer'))) continue
      const resource = path.split('/')[1] as keyof Tenant['ids']
      const { status, body } = await world.ask('GET', path.replace(':id', ids[resource]), {
        token: who.token,
      })
      const reach = kindAllows({ kind: 'management', permission }) ? permissions[permission] : undefined
      if (reach === undefined) expect([route.id, status]).toEqual([route.id, 403])
      else if (!isOne) {
        expect([route.id, status]).toEqual([route.id, 200])
        // Root, webhooks and what hangs above the unit is not shown.
        if (resource === 'units')
          for (const { path: at } of body['data'] as { path: string[] }[]) expect(at).toContain(ids.units)
        if (resource === 'webhooks') expect(body['data']).toEqual([])
        if (resource === 'keys' && reach === 'own')
          expect(
            (body['data'] as { principal_id: string }[]).every((one) => one.principal_id === who.id),
          ).toBe(true)
      } else if (resource === 'webhooks') expect([route.id, status]).toEqual([route.id, 403])
      else expect([route.id, status]).toEqual([route.id, reach === 'subtree' ? 200 : 403])
    }
    const isFor = (permission: keyof typeof permissions) =>
      permissions[permission] === 'subtree' ? 201 : 403
    const made = [
      await post('/units', { parent_id: ids.units, name: `of ${role}` }, who.token),
      await post('/principals', { unit_id: acme.team, kind: 'user', name: 'x' }, who.token),
      await post('/budgets', { place: { level: 'unit', id: acme.team }, limit: '1' }, who.token),
      await post(
        '/rates',
        { place: { level: 'unit', id: acme.team }, metric: 'tokens', limit: 9 },
        who.token,
      ),
    ]
    expect(made.map(({ status }) => status)).toEqual([
      isFor('units:write'),
      isFor('principals:write'),
      isFor('budgets:write'),
      isFor('rates:write'),
    ])
    const above = [
      await post('/units', { parent_id: ids.organizations, name: 'above' }, who.token),
      await post(
        '/budgets',
        { place: { level: 'organization', id: ids.organizations }, limit: '1' },
        who.token,
      ),
      await post('/grants', { principal_id: who.id, unit_id: ids.organizations, role: 'owner' }, who.token),
      await world.ask('GET', '/audit', { token: who.token }),
    ]
    expect(above.map(({ status }) => status)).toEqual([403, 403, 403, 403])
  })
})

test('nobody gives more than they hold: roles, keys of others, and keys out of a smaller key', async () => {
  const { ids } = acme
  const admin = await world.member({ unitId: ids.units, role: 'admin' })
  const grant = (role: string) =>
    post('/grants', { principal_id: admin.id, unit_id: acme.team, role }, admin.token)
  expect(codeOf(await grant('owner'))).toBe('grant_exceeds_own')
  expect((await grant('admin')).status).toBe(201)
  const boss = await world.member({ unitId: ids.units, role: 'owner', at: ids.organizations })
  const key = (principal: string, token: string, more = {}) =>
    post('/keys', { principal_id: principal, name: 'k', kind: 'management', ...more }, token)
  expect(codeOf(await key(boss.id, admin.token))).toBe('grant_exceeds_own')
  expect(codeOf(await post(`/keys/${boss.keyId}/rotate`, {}, admin.token))).toBe('grant_exceeds_own')
  const small = await world.member({
    unitId: ids.organizations,
    role: 'owner',
    scopes: ['keys:create', 'keys:read'],
  })
  expect(codeOf(await key(small.id, small.token))).toBe('grant_exceeds_own')
  expect(codeOf(await key(small.id, small.token, { scopes: ['units:write'] }))).toBe('grant_exceeds_own')
  expect((await key(small.id, small.token, { scopes: ['keys:read'] })).status).toBe(201)
  const wrong = await key(ids.principals, boss.token, { scopes: ['models:call'] })
  expect([codeOf(wrong), paramOf(wrong)]).toEqual(['key_kind_mismatch', 'scopes'])
})
