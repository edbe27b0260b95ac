import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTripSeal } from '../../../src/call/sessions/trip-seal.ts'
import { createOpenIdProvider } from '../../../src/identity/openid-provider.ts'
import { openBrowser } from '../../support/admin-browser.ts'
import { type AdminWorld, openAdminWorld } from '../../support/admin-world.ts'
import { type Account, type Lie, openOpenIdDouble } from '../../support/openid-double.ts'
import { makeTenant, type Tenant } from '../../support/tenant.ts'

const SECRET = 'secret of these tests, the same on every instance'

let world: AdminWorld
let acme: Tenant
let double: Awaited<ReturnType<typeof openOpenIdDouble>>
let people = 0

beforeAll(async () => {
  double = await openOpenIdDouble()
  world = await openAdminWorld()
  acme = await makeTenant({ world, name: 'Acme' })
  const { id: clientId, secret: clientSecret } = double.client
  const { clock } = world.signIn.members
  Object.assign(world.signIn, {
    provided: {
      provider: createOpenIdProvider({
        issuer: double.issuer,
        clientId,
        clientSecret,
        groupsClaim: 'groups',
      }),
      seal: createTripSeal({ secret: SECRET, clock }),
    },
  })
  allow({})
})
afterAll(async () => {
  await double.close()
  expect(world.errors).toEqual([])
  await world.close()
})

function allow({ groups = {}, domains }: { groups?: Record<string, [string, string]>; domains?: string[] }) {
  const entries = Object.entries(groups).map(([name, [unitId, role]]) => [name, { unitId, role }] as const)
  const provided = { groups: new Map(entries), ...(domains ? { domains } : {}) }
  Object.assign(world.signIn.members, { provided })
}

const someone = (over: Partial<Account> = {}): Account => {
  people += 1
  return { sub: `sub-${people}`, email: `p${people}@example.com`, email_verified: true, ...over }
}

/** A member who has a login with that e-mail. */
async function member(email: string) {
  const principal = await world.make('/principals', { unit_id: acme.ids.units, kind: 'user', name: 'P' })
  await world.make(`/principals/${principal.id}/login`, { email, password: 'a good few words' })
  return principal.id
}

const browser = () => openBrowser({ url: world.url })
const START = '/sessions/oidc?return_to=/console/keys'

/** To the provider and back to the door, without going through it. */
async function toTheDoor({
  page = browser(),
  who,
  lie = {},
}: {
  page?: ReturnType<typeof browser>
  who: Account
  lie?: Lie
}) {
  double.as(who, lie)
  const away = await page.go(`${world.url}${START}`)
  const there = await fetch(away.headers.get('location') ?? '', { redirect: 'manual' })
  return { page, callback: there.headers.get('location') ?? '' }
}

async function signIn(asked: Parameters<typeof toTheDoor>[0]) {
  const { page, callback } = await toTheDoor(asked)
  const back = await page.go(callback)
  const text = await back.text()
  const code = text === '' ? undefined : (JSON.parse(text) as { error: { code: string } }).error.code
  return { page, callback, status: back.status, code, location: back.headers.get('location') }
}

const REFUSED = { status: 401, code: 'identity_refused' }

describe('who comes from the identity provider', () => {
  test('with a verified e-mail of a login is signed in, and bound to the provider', async () => {
    const who = someone()
    const id = await member(who.email ?? '')
    const first = await signIn({ who })
    expect(first).toMatchObject({ status: 303, location: '/console/keys' })
    expect((await first.page.send('GET', '/sessions/current')).body).toMatchObject({ principal_id: id })
    expect(first.page.cookie()).not.toContain('trip')
    const renamed = await signIn({ who: { sub: who.sub } })
    expect((await renamed.page.send('GET', '/sessions/current')).body).toMatchObject({ principal_id: id })
    const heir = await signIn({ who: someone({ email: who.email ?? '' }) })
    expect(heir).toMatchObject(REFUSED)
  })

  test.each([
    ['nobody knows', {}],
    ['has an e-mail that the provider has not verified', { email_verified: false }],
    ['has an e-mail of which the provider does not say', { email_verified: undefined as unknown as boolean }],
  ])('is refused where %s', async (what, over) => {
    const who = someone(over)
    if (what !== 'nobody knows') await member(who.email ?? '')
    const { page, ...answer } = await signIn({ who })
    expect(answer).toMatchObject(REFUSED)
    expect(page.cookie()).toBe('')
  })

  test('is refused where the e-mail is of another domain', async () => {
    allow({ domains: ['example.com'] })
    const [ours, theirs] = [someone(), someone({ email: 'x@example.com.evil.test' })]
    await member(ours.email ?? '')
    await member(theirs.email ?? '')
    expect(await signIn({ who: ours })).toMatchObject({ status: 303 })
    expect(await signIn({ who: theirs })).toMatchObject(REFUSED)
    allow({})
  })

  test('is made a member by a group, and let in only as long as it is in one', async () => {
    const unit = acme.ids.units
    allow({
      groups: { engineers: [unit, 'developer'], leads: [unit, 'admin'], ghosts: ['no-unit', 'owner'] },
    })
    const who = someone({ groups: ['leads', 'engineers', 'ghosts', 'others'], name: 'Ada' })
    const { page } = await signIn({ who })
    const { body } = await page.send('GET', '/sessions/current')
    expect(body).toMatchObject({ name: 'Ada', unit_id: unit, organization_id: acme.ids.organizations })
    expect(body['grants']).toHaveLength(2)
    expect((await page.send('POST', '/units', { parent_id: unit, name: 'Tools' })).status).toBe(201)
    const again = await signIn({ who })
    expect((await again.page.send('GET', '/sessions/current')).body).toMatchObject({
      principal_id: body['principal_id'],
    })
    expect(await signIn({ who: { ...who, groups: ['others'] } })).toMatchObject(REFUSED)
    const log = await world.ask('GET', `/audit?organization=${acme.ids.organizations}&limit=100`)
    expect(log.text).toContain('"identity-provider"')
    allow({})
  })
})

describe('what openid-client does not take', () => {
  const seconds = () => Math.floor(Date.now() / 1_000)
  test.each<[string, () => Lie]>([
    ['another state', () => ({ callback: { state: 'another' } })],
    ['another nonce', () => ({ claims: { nonce: 'another' } })],
    ['another audience', () => ({ claims: { aud: 'somebody else' } })],
    ['another issuer', () => ({ claims: { iss: 'https://evil.example' } })],
    ['an id token that has expired', () => ({ claims: { iat: seconds() - 900, exp: seconds() - 600 } })],
    ['an id token without a signature', () => ({ signature: 'none' })],
    ['an id token signed by a key that is not published', () => ({ signature: 'stranger' })],
    ['an id token that names another algorithm', () => ({ header: { alg: 'HS256' } })],
    ['a code that was never given', () => ({ callback: { code: 'guessed' } })],
    ['an error in place of a code', () => ({ callback: { error: 'access_denied' } })],
  ])('%s', async (_what, lie) => {
    const who = someone()
    await member(who.email ?? '')
    const { page, ...answer } = await signIn({ who, lie: lie() })
    expect(answer).toMatchObject(REFUSED)
    expect(page.cookie()).toBe('')
    expect(await signIn({ who })).toMatchObject({ status: 303 })
  })

  test('a code that was used', async () => {
    const who = someone()
    await member(who.email ?? '')
    const { page, callback } = await toTheDoor({ who })
    const trip = page.cookie()
    expect((await page.go(callback)).status).toBe(303)
    const thief = openBrowser({ url: world.url, cookie: trip })
    expect((await thief.go(callback)).status).toBe(401)
  })

  test('a callback in a browser that did not begin, or began another time', async () => {
    const who = someone()
    await member(who.email ?? '')
    const { callback } = await toTheDoor({ who })
    expect((await browser().go(callback)).status).toBe(401)
    const { page: other } = await toTheDoor({ who: someone() })
    expect((await other.go(callback)).status).toBe(401)
  })
})

test('the way to the provider is code flow with PKCE, and its return leads nowhere else', async () => {
  const away = await browser().go(`${world.url}${START}`)
  const url = new URL(away.headers.get('location') ?? '')
  const said = Object.fromEntries(url.searchParams)
  expect(said).toMatchObject({
    response_type: 'code',
    code_challenge_method: 'S256',
    redirect_uri: `${world.url}/sessions/oidc/callback`,
  })
  expect([said['state'], said['nonce'], said['code_challenge']]).toEqual([
    expect.stringMatching(/^.{43}$/),
    expect.stringMatching(/^.{43}$/),
    expect.stringMatching(/^.{43}$/),
  ])
  expect(away.headers.getSetCookie()[0]).toMatch(/^turnpike-trip=.*HttpOnly; SameSite=Lax$/)
  for (const path of ['//evil.example', '/\\evil.example', 'https://evil.example', '/a\r\nb'])
    expect(
      (await browser().go(`${world.url}/sessions/oidc?return_to=${encodeURIComponent(path)}`)).status,
    ).toBe(400)
})

test('a provider that is away is told from one that refuses', async () => {
  const { id: clientId, secret: clientSecret } = double.client
  const provider = createOpenIdProvider({
    issuer: 'http://127.0.0.1:1',
    clientId,
    clientSecret,
    groupsClaim: 'groups',
  })
  await expect(provider.begin({ redirectUri: 'http://127.0.0.1/cb', returnTo: '/' })).rejects.toMatchObject({
    code: 'identity_provider_away',
  })
})

describe('what is held by groups', () => {
  const grantsOf = async (id: unknown) => {
    const { body } = await world.ask('GET', `/grants?principal_id=${String(id)}&limit=100`)
    return (body['data'] as Record<string, unknown>[])
      .map(({ role, unit_id: at, is_by_group: byGroup }) => [role, at, byGroup])
      .toSorted()
  }

  test('follows the groups of each sign-in, and what was given by hand stays', async () => {
    const unit = acme.ids.units
    allow({ groups: { engineers: [unit, 'developer'], leads: [unit, 'admin'], books: [unit, 'billing'] } })
    const who = someone({ groups: ['engineers', 'leads'] })
    const { page } = await signIn({ who })
    const { principal_id: id } = (await page.send('GET', '/sessions/current')).body
    expect(await grantsOf(id)).toEqual([
      ['admin', unit, true],
      ['developer', unit, true],
    ])
    // By hand the same role once more, and one that no group gives.
    await world.make('/grants', { principal_id: id, unit_id: unit, role: 'developer' })
    await world.make('/grants', { principal_id: id, unit_id: unit, role: 'auditor' })
    await signIn({ who: { ...who, groups: ['books'] } })
    expect(await grantsOf(id)).toEqual([
      ['auditor', unit, false],
      ['billing', unit, true],
      ['developer', unit, false],
    ])
    // The session of before holds no more than the member does.
    expect((await page.send('POST', '/units', { parent_id: unit, name: 'Late' })).status).toBe(403)
    // Who is in none of the groups is not let in, and keeps nothing of them.
    expect(await signIn({ who: { ...who, groups: [] } })).toMatchObject(REFUSED)
    expect(await grantsOf(id)).toEqual([
      ['auditor', unit, false],
      ['developer', unit, false],
    ])
    await signIn({ who })
    expect(await grantsOf(id)).toHaveLength(4)
    allow({})
  })

  test('is given to whoever has a login as well, at the same time at two doors once, and only in its own organisation', async () => {
    const other = await makeTenant({ world, name: 'Elsewhere' })
    allow({
      groups: { theirs: [other.ids.units, 'owner'], engineers: [acme.ids.units, 'developer'] },
    })
    const who = someone({ groups: ['theirs', 'engineers'] })
    const id = await member(who.email ?? '')
    await world.make('/grants', { principal_id: id, unit_id: acme.ids.units, role: 'viewer' })
    expect(await signIn({ who })).toMatchObject({ status: 303 })
    expect(await grantsOf(id)).toEqual([
      ['developer', acme.ids.units, true],
      ['viewer', acme.ids.units, false],
    ])
    const { page, callback } = await toTheDoor({ who: { ...who, groups: [] } })
    const second = await toTheDoor({ who: { ...who, groups: [] } })
    const backs = await Promise.all([page.go(callback), second.page.go(second.callback)])
    expect(backs.map(({ status }) => status)).toEqual([303, 303])
    expect(await grantsOf(id)).toEqual([['viewer', acme.ids.units, false]])
    allow({})
  })
})

test('whoever comes by the provider, and whoever it does not let in, is in the audit log', async () => {
  const who = someone()
  const id = await member(who.email ?? '')
  await signIn({ who })
  const entries = async (organization: string) => {
    const { body } = await world.ask('GET', `/audit?organization=${organization}&limit=100`)
    return body['data'] as Record<string, unknown>[]
  }
  expect(await entries(acme.ids.organizations)).toContainEqual(
    expect.objectContaining({
      action: 'session:opened',
      target: { kind: 'logins', id },
      after: { by: 'identity-provider' },
    }),
  )
  await signIn({ who: someone() })
  await signIn({ who, lie: { callback: { state: 'another' } } })
  const refused = (await entries('public')).filter(({ action }) => action === 'session:refused')
  expect(refused.length).toBeGreaterThanOrEqual(2)
  expect(refused[0]).toMatchObject({
    target: { kind: 'logins', id: 'unknown' },
    after: { by: 'identity-provider', code: 'identity_refused' },
  })
})
