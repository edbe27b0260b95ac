import { SESSION_OPERATIONS } from '../../../src/http/sessions/session-operations.ts'
import { sessionRoutes } from '../../../src/http/sessions/session-routes.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AdminWorld, codeOf, openAdminWorld, paramOf } from '../../support/admin-world.ts'
import { windowOf } from '../../../src/governance/budgets/window-of.ts'
import { holdsOn, termsOf } from '../../support/budgets.ts'
import { admissionOf } from '../../support/calls.ts'
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

const post = (path: string, body: unknown, token?: string, headers = {}) =>
  world.ask('POST', path, { body, token, headers })
const patch = (path: string, body: unknown, token?: string, headers = {}) =>
  world.ask('PATCH', path, { body, token, headers })

test('of two changes of one version the second is told the current one', async () => {
  const { id, version } = await world.make('/units', { parent_id: acme.ids.organizations, name: 'Versions' })
  expect(version).toBe(1)
  const first = await patch(`/units/${id}`, { name: 'Versions 2' }, undefined, { 'if-match': '"1"' })
  expect([first.status, first.headers.get('etag')]).toEqual([200, '"2"'])
  const second = await patch(`/units/${id}`, { name: 'Versions 3', version: 1 })
  expect(second).toMatchObject({
    status: 409,
    body: { error: { code: 'version_conflict', metadata: { version: 2 } } },
  })
  expect(
    codeOf(await patch(`/units/${id}`, { name: 'x', version: 1 }, undefined, { 'if-match': '"2"' })),
  ).toBe('contradicting_options')
  expect(paramOf(await patch(`/units/${id}`, { name: 'x' }, undefined, { 'if-match': 'two' }))).toBe(
    'If-Match',
  )
})

test('the same request under its key is done once, whatever it has changed meanwhile', async () => {
  const headers = { 'idempotency-key': 'once-1' }
  const make = (path: string, body: unknown, key: string) =>
    post(path, body, undefined, { ...headers, 'idempotency-key': key })
  const unit = { parent_id: acme.ids.organizations, name: 'Only once' }
  const answers = await Promise.all([1, 2, 3].map(() => make('/units', unit, 'once-1')))
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 201])
  expect(new Set(answers.map(({ body }) => body['id'])).size).toBe(1)
  expect(answers.filter(({ headers: given }) => given.get('idempotent-replayed') === 'true')).toHaveLength(2)
  expect(codeOf(await make('/units', { ...unit, name: 'Another' }, 'once-1'))).toBe('idempotency_conflict')
  const id = String(answers[0]?.body['id'])
  const renamed = () =>
    patch(`/units/${id}`, { name: 'Once more', version: 1 }, undefined, { 'idempotency-key': 'once-2' })
  expect([(await renamed()).status, (await renamed()).status]).toEqual([200, 200])
  const key = { principal_id: acme.ids.principals, name: 'k', kind: 'inference' }
  const [made, again] = [await make('/keys', key, 'once-3'), await make('/keys', key, 'once-3')]
  expect(made.body['key']).toMatch(/^tp_test_/)
  expect(again.body).toEqual({ ...made.body, key: undefined })
  const both = await Promise.all([1, 2].map(() => make('/organizations', { name: 'Twice' }, 'once-4')))
  expect(both[0]?.body['id']).toBe(both[1]?.body['id'])
  // Another asker's key of that name is another key.
  const owner = await post('/units', { ...unit, name: 'Of the owner' }, acme.owner.token, headers)
  expect(owner.status).toBe(201)
})

test.each(['Köln', '日本支社', 'मुंबई टीम', 'العربية', 'Łódź 🚀', 'Zażółć', 'ไทย'])(
  'a unit may be called %s, and nothing beside it alike',
  async (name) => {
    const parent = acme.ids.organizations
    const { id } = await world.make('/units', { parent_id: parent, name: `  ${name} ` })
    expect((await world.ask('GET', `/units/${id}`)).body).toMatchObject({ name: name.normalize('NFC') })
    const alike = await post('/units', { parent_id: parent, name: name.normalize('NFD').toUpperCase() })
    expect([alike.status, codeOf(alike)]).toEqual([409, 'name_taken'])
  },
)

test('names with line breaks, marks of direction or nothing to see are none', async () => {
  for (const name of ['a\nb', '\u202eevil', '\u200d', '   '])
    expect(codeOf(await post('/units', { parent_id: acme.ids.organizations, name }))).toBe('invalid_name')
})

test('a unit moves into no circle, no deeper than there are levels, and not out of a policy', async () => {
  const root = acme.ids.organizations
  const a = await world.make('/units', { parent_id: root, name: 'A' })
  const b = await world.make('/units', { parent_id: a.id, name: 'B' })
  const move = (id: string, parent: string, more = {}) =>
    post(`/units/${id}/move`, { parent_id: parent, ...more })
  expect(codeOf(await move(a.id, b.id))).toBe('unit_cycle')
  expect(codeOf(await move(a.id, acme.ids.units))).toBe('unit_too_deep')
  expect(codeOf(await post('/units', { parent_id: b.id, name: 'C' }))).toBe('unit_too_deep')
  const place = { level: 'unit', id: a.id }
  await world.ask('PUT', '/policies', { body: { place, rules: { zdr: true, max_call_usd: '0.5' } } })
  const out = await move(b.id, root)
  expect(out).toMatchObject({
    body: { error: { code: 'policy_would_widen', metadata: { rules: ['maxCallPicoUsd', 'zdr'] } } },
  })
  const admin = await world.member({ unitId: b.id, role: 'admin', at: b.id })
  const tried = await world.ask('POST', `/units/${b.id}/move`, {
    body: { parent_id: root, accepts_widening: true },
    token: admin.token,
  })
  expect(codeOf(tried)).toBe('permission_denied')
  expect(await move(b.id, root, { accepts_widening: true })).toMatchObject({
    status: 200,
    body: { path: [root, b.id] },
  })
  const { body } = await world.ask('GET', `/policies/effective?unit=${b.id}`)
  expect(body).toMatchObject({ object: 'effective_policy', rules: {} })
})

test('what is in use is not archived; what is archived keeps its history and gives up its name', async () => {
  const root = acme.ids.organizations
  const { id } = await world.make('/units', { parent_id: root, name: 'Leaving' })
  const who = await world.member({ unitId: id, role: 'developer' })
  const inUse = await post(`/units/${id}/archive`, {})
  expect(inUse).toMatchObject({
    body: { error: { code: 'unit_in_use', metadata: { principals: 1, keys: 1 } } },
  })
  const gone = await post(`/principals/${who.id}/archive`, {})
  expect(gone.status).toBe(200)
  expect((await world.ask('GET', `/keys/${who.keyId}`)).body).toMatchObject({ state: 'revoked' })
  expect(codeOf(await world.ask('GET', '/units', { token: who.token }))).toBe('key_revoked')
  expect((await post(`/units/${id}/archive`, {})).body).toMatchObject({
    archived_at: expect.any(String) as string,
  })
  const again = await world.make('/units', { parent_id: root, name: 'leaving' })
  expect(codeOf(await post(`/units/${id}/restore`, {}))).toBe('name_taken')
  await patch(`/units/${again.id}`, { name: 'Stayed' })
  expect((await post(`/units/${id}/restore`, {})).body).toMatchObject({ archived_at: null })
  const { body } = await world.ask('GET', `/audit?organization=${root}&target_id=${id}`)
  expect((body['data'] as { after: { version: number } }[]).map(({ after }) => after.version)).toEqual([
    3, 2, 1,
  ])
  const events = await world.storage.governance.list({ resource: 'events', tenant: root, limit: 100 })
  const types = events.items
    .filter(({ data }) => 'key_id' in data && data.key_id === who.keyId)
    .map(({ type }) => type)
  expect(types.toSorted()).toEqual(['key.created', 'key.revoked'])
})

test('an organisation is archived with all that is in it', async () => {
  const { ids, owner } = await makeTenant({ world, name: 'Closing' })
  expect((await post(`/organizations/${ids.organizations}/archive`, {}, owner.token)).status).toBe(200)
  expect(codeOf(await world.ask('GET', '/units', { token: owner.token }))).toBe('key_revoked')
  const { body } = await world.ask('GET', `/units?organization=${ids.organizations}`)
  expect(body['data']).toEqual([])
  const all = await world.ask('GET', `/units?organization=${ids.organizations}&archived=true`)
  expect((all.body['data'] as unknown[]).length).toBe(3)
})

test('a field that is not known is named with the nearest, one that is missing or wrong by its path', async () => {
  const cases = [
    ['/units', { parent_id: 'x', nmae: 'y' }, 'unknown_field', 'nmae'],
    ['/units', { parent_id: 'x' }, 'missing_field', 'name'],
    ['/budgets', { place: { level: 'unit', ident: 'x' }, limit: '1' }, 'unknown_field', 'place.ident'],
    ['/budgets', { place: { level: 'floor', id: 'x' }, limit: '1' }, 'invalid_field', 'place.level'],
    ['/budgets', { place: { level: 'unit', id: acme.ids.units }, limit: '1e5' }, 'invalid_field', 'limit'],
    [
      '/budgets',
      { place: { level: 'unit', id: acme.ids.units }, limit: '1', window: 'year' },
      'invalid_field',
      'window',
    ],
    [
      '/budgets',
      { place: { level: 'unit', id: acme.ids.organizations }, limit: '1' },
      'invalid_governance_value',
      'place.level',
    ],
    [
      '/keys',
      { principal_id: 'x', name: 'k', kind: 'inference', scopes: ['all'] },
      'invalid_field',
      'scopes[0]',
    ],
  ] as const
  for (const [path, body, code, param] of cases) {
    const answer = await post(path, body)
    expect([path, codeOf(answer), paramOf(answer)]).toEqual([path, code, param])
  }
  const near = await post('/units', { parent_id: 'x', nmae: 'y' })
  expect(near.text).toContain('Did you mean \\"name\\"?')
  const place = { level: 'unit', id: acme.ids.units }
  const rule = await world.ask('PUT', '/policies', {
    body: { place, rules: { strategy: 'cost', allowed_strategies: ['latency'] } },
  })
  expect([codeOf(rule), paramOf(rule)]).toEqual(['invalid_governance_value', 'rules.strategy'])
  expect(codeOf(await post('/units', '[1]'))).toBe('invalid_json')
  expect(codeOf(await world.ask('GET', '/units?limit=0'))).toBe('invalid_field')
  expect(await world.ask('DELETE', '/units')).toMatchObject({ status: 405 })
})

test('pages go on where the last one ended, and a table is one by Accept', async () => {
  const { ids, owner } = await makeTenant({ world, name: 'Pages' })
  for (let count = 0; count < 5; count += 1)
    await world.make('/principals', { unit_id: ids.units, kind: 'user', name: `=member ${count}` })
  for (const token of [undefined, owner.token]) {
    const base = `/principals?organization=${ids.organizations}&order=asc&limit=3`
    const seen: string[] = []
    let page = await world.ask('GET', base, { token })
    for (;;) {
      const data = page.body['data'] as { id: string }[]
      expect(page.body).toMatchObject({ object: 'list', first_id: data[0]?.id, last_id: data.at(-1)?.id })
      seen.push(...data.map(({ id }) => id))
      if (page.body['has_more'] !== true) break
      page = await world.ask('GET', `${base}&after=${String(page.body['last_id'])}`, { token })
    }
    expect([seen.length, new Set(seen).size]).toEqual([8, 8])
    const back = await world.ask('GET', `${base}&before=${seen[4] ?? ''}`, { token })
    expect((back.body['data'] as { id: string }[]).map(({ id }) => id)).toEqual(seen.slice(1, 4))
  }
  const csv = await world.ask('GET', `/principals?organization=${ids.organizations}`, {
    headers: { accept: 'text/csv' },
  })
  expect(csv.headers.get('content-type')).toContain('text/csv')
  expect(csv.text.split('\r\n')[0]).toBe(
    'object,id,organization_id,unit_id,kind,name,address,version,archived_at',
  )
  expect(csv.text).toContain("'=member 4")
})

test('a key that is rotated takes its limits along, and of a budget what is left', async () => {
  const { ids } = await makeTenant({ world, name: 'Rotation' })
  const place = { level: 'key', id: ids.keys }
  const budget = await world.make('/budgets', { place, limit: '10', time_zone: 'UTC' })
  const window = windowOf({ budget: { window: 'month', timeZone: 'UTC' }, atMs: Date.now() })
  const terms = termsOf({
    budgetId: budget.id,
    level: 'key',
    levelId: ids.keys,
    organizationId: ids.organizations,
    windowId: window.id,
    resetsAtMs: window.resetsAtMs,
    limit: 10n * 10n ** 12n,
  })
  const amounts = { chargePicoUsd: 3n * 10n ** 12n, tokens: 0n, requests: 1n }
  const holds = holdsOn([terms], amounts)
  const outcome = await world.storage.calls.admit(admissionOf({ ceilingAtomic: 0n, holds }))
  expect(outcome.kind).toBe('admitted')
  expect((await world.ask('GET', `/budgets/${budget.id}`)).body).toMatchObject({
    limit: '10',
    held: '3',
    spent: '0',
  })
  await world.make('/rates', { place, metric: 'requests', limit: 5 })
  await world.ask('PUT', '/policies', { body: { place, rules: { max_output_tokens: 100 } } })
  const next = await world.make(`/keys/${ids.keys}/rotate`, { overlap_seconds: 60 })
  for (const resource of ['budgets', 'rates', 'policies']) {
    const { body } = await world.ask('GET', `/${resource}?level=key&level_id=${next.id}`)
    expect(body['data']).toHaveLength(1)
    if (resource === 'budgets')
      expect(body['data']).toMatchObject([{ limit: '10', limit_now: '7', held: '0' }])
  }
  expect((await world.ask('GET', `/policies/effective?key=${next.id}`)).body).toMatchObject({
    rules: { max_output_tokens: { value: 100, from: [{ level: 'key', id: next.id }] }, zdr: { value: true } },
  })
})

test('a wallet is linked by its operator, found by its address, and let go', async () => {
  const { ids } = await makeTenant({ world, name: 'Wallets' })
  const { id } = await world.make('/wallets', {
    address: '0xABCDEF0000000000000000000000000000000001',
    unit_id: ids.units,
  })
  expect(id).toBe('0xabcdef0000000000000000000000000000000001')
  const other = await makeTenant({ world, name: 'Other wallets' })
  const taken = await post('/wallets', { address: id, unit_id: other.ids.units })
  expect(codeOf(taken)).toBe('invalid_governance_value')
  const wrongLevel = await post('/budgets', { place: { level: 'principal', id }, limit: '1' })
  expect(paramOf(wrongLevel)).toBe('place.level')
  await world.make(`/wallets/${id}/unlink`, {})
  const { status } = await post('/wallets', { address: id, unit_id: other.ids.units, name: 'theirs' })
  expect(status).toBe(201)
})

test('a voucher is taken back by its name, once, and the log says so', async () => {
  const key = await world.make('/keys', {
    principal_id: acme.ids.principals,
    name: 'hands out',
    kind: 'inference',
  })
  const path = `/keys/${key.id}/vouchers/revoke`
  const voucher = 'vch_AAAAAAAAAAAAAAAAAAAAAA.BBBBBBBBBBBBBBBBBBBBBB'
  const first = await world.ask('POST', path, { body: { voucher } })
  expect([first.status, first.body]).toMatchObject([200, { id: key.id, revoked_vouchers: [{ id: voucher }] }])
  const again = await world.ask('POST', path, { body: { voucher } })
  expect(again.body).toEqual(first.body)
  const wrong = await world.ask('POST', path, { body: { voucher: 'tpv_secret' } })
  expect([wrong.status, paramOf(wrong)]).toEqual([400, 'voucher'])
  const { body } = await world.ask('GET', `/audit?organization=${acme.ids.organizations}&limit=1`)
  expect(body).toMatchObject({
    data: [
      {
        action: 'keys:revoke',
        target: { kind: 'keys', id: key.id },
        after: { revokedVouchers: [{ id: voucher }] },
      },
    ],
  })
  // A key that takes its place has vouchers of its own.
  const next = await world.make(`/keys/${key.id}/rotate`, {})
  expect(next).toMatchObject({ revoked_vouchers: [] })
  const other = await makeTenant({ world, name: 'No business of theirs' })
  const theirs = await world.ask('POST', path, { token: other.owner.token, body: { voucher } })
  expect(theirs.status).toBe(404)
})

type Layer = {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> }
  readonly handle?: { readonly stack?: readonly Layer[] }
}

/** The routes of an express router, with those of the routers in it. */
function waysOf(layer: object): readonly string[] {
  const { route, handle } = layer as Layer
  if (!route) return (handle?.stack ?? []).flatMap(waysOf)
  return Object.keys(route.methods)
    .filter((method) => method !== '_all')
    .map((method) => `${method} ${route.path}`)
}

test('the document has every route with its permission, for those alone who may ask', async () => {
  const { body } = await world.ask('GET', '/openapi.json', { token: acme.owner.token })
  const paths = body['paths'] as Record<
    string,
    Record<string, { 'x-permission': string; requestBody?: object }>
  >
  for (const { method, path, permission, body: fields } of world.routes) {
    const operation = paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method]
    expect(operation?.['x-permission']).toBe(permission)
    expect(operation?.requestBody !== undefined).toBe(fields !== undefined)
  }
  // And every way in and out, whose routes ask for no permission.
  const ways = sessionRoutes({ administration: {} as never }, world.signIn).stack.flatMap(waysOf)
  expect(ways.toSorted()).toEqual(
    SESSION_OPERATIONS.map(({ method, path }) => `${method} ${path}`).toSorted(),
  )
  for (const { method, path, body: fields } of SESSION_OPERATIONS) {
    const operation = paths[path]?.[method]
    expect(operation).toMatchObject({ tags: ['sessions'] })
    expect(operation?.requestBody !== undefined).toBe(fields !== undefined)
  }
  expect((await world.ask('GET', '/openapi.json', { token: '' })).status).toBe(401)
})
