import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AdminWorld, codeOf, openAdminWorld } from '../../support/admin-world.ts'
import { makeTenant, newAddress, type Tenant } from '../../support/tenant.ts'

let world: AdminWorld
let ours: Tenant
let theirs: Tenant

beforeAll(async () => {
  world = await openAdminWorld()
  ours = await makeTenant({ world, name: 'Ours' })
  theirs = await makeTenant({ world, name: 'Theirs' })
})
afterAll(async () => {
  expect(world.errors).toEqual([])
  await world.close()
})

const NOBODY = '01234567-0123-7123-8123-012345678901'

/**
 * What a body says that names records of another organisation. Every route that takes a body has a line here, or names nobody: a route that is
 * forgotten fails below.
 */
const NAMING: Record<string, (ids: Tenant['ids']) => unknown> = {
  createOrganization: () => ({ name: 'Mine' }),
  changeOrganization: () => ({ name: 'Mine' }),
  topUpOrganization: () => ({ amount_usd: '1' }),
  createUnit: ({ units }) => ({ parent_id: units, name: 'Spy' }),
  changeUnit: () => ({ name: 'Spy' }),
  moveUnit: ({ units }) => ({ parent_id: units }),
  createPrincipal: ({ units }) => ({ unit_id: units, kind: 'user', name: 'Spy' }),
  changePrincipal: () => ({ name: 'Spy' }),
  setLogin: ({ principals }) => ({ email: `${principals}@example.com` }),
  linkWallet: ({ units }) => ({ address: newAddress(), unit_id: units }),
  createRole: ({ organizations }) => ({ organization_id: organizations, name: 'spy', permissions: {} }),
  changeRole: () => ({ name: 'informant' }),
  createGrant: ({ principals, units }) => ({ principal_id: principals, unit_id: units, role: 'viewer' }),
  createKey: ({ principals }) => ({ principal_id: principals, name: 'spy', kind: 'inference' }),
  rotateKey: () => ({}),
  revokeVoucher: () => ({ voucher: 'vch_AAAAAAAAAAAAAAAAAAAAAA' }),
  putPolicy: ({ units }) => ({ place: { level: 'unit', id: units }, rules: {} }),
  createBudget: ({ units }) => ({ place: { level: 'unit', id: units }, limit: '1' }),
  changeBudget: () => ({ limit: '1' }),
  createRate: ({ units }) => ({ place: { level: 'unit', id: units }, metric: 'tokens', limit: 1 }),
  changeRate: () => ({ limit: 1 }),
  createWebhook: ({ organizations }) => ({
    organization_id: organizations,
    name: 'spy',
    url: 'https://example.com',
  }),
  changeWebhook: () => ({ name: 'spy' }),
  createCheckpoint: () => ({}),
  judgeWallet: () => ({ verdict: 'allow' }),
}
const EMPTY = /^(archive|restore|revoke|unlink|take|rotateWebhook|replay|test)/

const bodyOf = (id: string, ids: Tenant['ids']): unknown => {
  const named = NAMING[id]
  if (named) return named(ids)
  if (EMPTY.test(id)) return {}
  throw new Error(`Nobody says what ${id} would name of another organisation.`)
}

/** Every route, as the owner of one organisation asks it about records of another. */
const attack = (of: Tenant['ids']) =>
  world.routes.map((route) => {
    const resource = route.path.split('/')[1] as keyof Tenant['ids']
    const path = route.path.replace(':id', of[resource] ?? '')
    const wants = route.path.includes(':id') || route.body !== undefined
    const query =
      route.id === 'getEffectivePolicy'
        ? `?unit=${of.units}`
        : wants
          ? ''
          : `?organization=${of.organizations}`
    const audit = route.id === 'createCheckpoint' ? `?organization=${of.organizations}` : query
    return { route, path: `${path}${audit}`, body: route.body ? bodyOf(route.id, of) : undefined }
  })

describe('an owner and the records of another organisation', () => {
  test('every route answers as if they did not exist, and nothing changes', async () => {
    const silent = new Set<string>()
    const nowhere = Object.fromEntries(Object.keys(theirs.ids).map((name) => [name, NOBODY])) as Tenant['ids']
    const before = await world.ask('GET', `/audit?organization=${theirs.ids.organizations}`)
    const guesses = attack(nowhere)
    for (const [index, { route, path, body }] of attack(theirs.ids).entries()) {
      if (['createOrganization', 'listPermissions'].includes(route.id)) continue
      const asked = { token: ours.owner.token, body }
      const answer = await world.ask(route.method.toUpperCase(), path, asked)
      expect([route.id, answer.status, codeOf(answer)]).toEqual([route.id, 404, 'record_not_found'])
      // The words are those of one that never was; each resource is looked at once.
      const kind = `${route.path.split('/')[1]} ${route.body === undefined}`
      if (silent.has(kind)) continue
      silent.add(kind)
      const guess = guesses[index]
      const nothing = await world.ask(route.method.toUpperCase(), guess?.path ?? '', {
        ...asked,
        body: guess?.body,
      })
      expect([route.id, nothing.body]).toEqual([route.id, answer.body])
    }
    const after = await world.ask('GET', `/audit?organization=${theirs.ids.organizations}`)
    expect(after.body).toEqual(before.body)
  })

  test('lists show its own, whatever cursor it gives', async () => {
    for (const route of world.routes.filter(({ act }) => act.kind === 'list')) {
      const { body } = await world.ask('GET', route.path, { token: ours.owner.token })
      const data = body['data'] as { id: string; organization_id?: string }[]
      expect(data.length).toBeGreaterThan(0)
      for (const one of data) expect(one.organization_id ?? one.id).toBe(ours.ids.organizations)
      const resource = route.path.slice(1) as keyof Tenant['ids']
      for (const cursor of ['after', 'before']) {
        const page = await world.ask('GET', `${route.path}?${cursor}=${theirs.ids[resource]}`, {
          token: ours.owner.token,
        })
        expect(page.body).toMatchObject({ data: [], has_more: false })
      }
    }
  })

  test('it can do everything with its own', async () => {
    const mine = await makeTenant({ world, name: 'Mine' })
    for (const { route, path, body } of attack(mine.ids)) {
      // Those have a test of their own, or take what others need.
      if (
        /^(archive|take|unlink|revoke|createOrganization|moveUnit|topUp|linkWallet|judgeWallet)/.test(
          route.id,
        )
      )
        continue
      const answer = await world.ask(route.method.toUpperCase(), path, { token: mine.owner.token, body })
      // What the operator has set is not its owner's to loosen.
      const isFromAbove = ['putPolicy', 'changeBudget', 'changeRate'].includes(route.id)
      if (isFromAbove) expect([route.id, codeOf(answer)]).toEqual([route.id, 'permission_denied'])
      else expect([route.id, answer.status < 300 || answer.text]).toEqual([route.id, true])
    }
  })
})

test('without a credential, with a wrong one and with one that only looks right nothing is told', async () => {
  for (const token of ['', 'sk-openai-1234567890'])
    expect(await world.ask('GET', '/organizations', { token })).toMatchObject({ status: 401 })
  for (const { route, path, body } of attack(ours.ids)) {
    const method = route.method.toUpperCase()
    expect(await world.ask(method, path, { token: 'wrong', body })).toMatchObject({ status: 401 })
  }
  const typo = await world.ask('GET', '/organizations', { token: `${ours.owner.token.slice(0, -1)}!` })
  expect([typo.status, codeOf(typo)]).toEqual([401, 'key_invalid'])
})

test('a key that calls models administers nothing', async () => {
  const { unitId, role } = { unitId: ours.ids.organizations, role: 'owner' }
  const caller = await world.member({ unitId, role, kind: 'inference' })
  const readable = new Set(['policies:read', 'budgets:read', 'credit:read'])
  for (const { route, path, body } of attack(ours.ids)) {
    const answer = await world.ask(route.method.toUpperCase(), path, { token: caller.token, body })
    if (readable.has(route.permission)) expect([route.id, answer.status]).toEqual([route.id, 200])
    else if (route.permission === 'credit:top-up')
      expect([route.id, codeOf(answer)]).toEqual([route.id, 'permission_denied'])
    else expect([route.id, codeOf(answer)]).toEqual([route.id, 'key_kind_mismatch'])
  }
})
