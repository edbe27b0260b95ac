import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { LIMITS } from '../../../src/lib/limits.ts'
import { EVERY_ORGANIZATION } from '../../../src/call/admin-ports.ts'
import { hashToken } from '../../../src/call/credentials/tokens.ts'
import type { SignInEdge } from '../../../src/http/sessions/edge.ts'
import { openAddressWindow } from '../../../src/http/request/address-window.ts'
import { type AdminWorld, codeOf, openAdminWorld } from '../../support/admin-world.ts'
import { makeTenant, type Tenant } from '../../support/tenant.ts'
import { openBrowser } from '../../support/admin-browser.ts'

const PASSWORD = 'a good few words'
const HOUR_MS = 3_600_000

let world: AdminWorld
let acme: Tenant
let aheadMs = 0
let people = 0

beforeAll(async () => {
  world = await openAdminWorld({ nowMs: () => Date.now() + aheadMs })
  acme = await makeTenant({ world, name: 'Acme' })
})
beforeEach(() => {
  aheadMs = 0
})
afterAll(async () => {
  expect(world.errors).toEqual([])
  await world.close()
})

/** A person with a login and a role. */
async function person({
  role = 'admin',
  at = acme.ids.units,
  password = PASSWORD,
}: { role?: string; at?: string; password?: string } = {}) {
  people += 1
  const email = `Person${people}@Example.com`
  const principal = await world.make('/principals', { unit_id: at, kind: 'user', name: `Person ${people}` })
  await world.make('/grants', { principal_id: principal.id, unit_id: at, role })
  await world.make(`/principals/${principal.id}/login`, { email, password })
  return { id: principal.id, email }
}

/** The same server with something set otherwise, for a while. */
async function during(over: Partial<SignInEdge>, run: () => Promise<void>): Promise<void> {
  const before = { ...world.signIn }
  Object.assign(world.signIn, over)
  try {
    await run()
  } finally {
    Object.assign(world.signIn, before)
  }
}

const browser = () => openBrowser({ url: world.url })

async function signedIn(given: Parameters<typeof person>[0] = {}) {
  const who = await person(given)
  const page = browser()
  const answer = await page.send('POST', '/sessions', { email: who.email, password: PASSWORD })
  expect([answer.status, answer.body]).toMatchObject([201, { principal_id: who.id }])
  return { ...who, page, answer }
}

describe('signing in', () => {
  test('gives a cookie that no script sees, and a token for what changes something', async () => {
    const { id, page, answer } = await signedIn()
    const [cookie = ''] = answer.headers.getSetCookie()
    expect(cookie).toMatch(/^turnpike=[\w-]{43}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Lax$/)
    expect(answer.text).not.toContain(cookie.slice(9, 52))
    expect((await page.send('GET', '/sessions/current')).body).toMatchObject({
      object: 'session',
      principal_id: id,
      organization_id: acme.ids.organizations,
      unit_id: acme.ids.units,
      csrf_token: answer.body['csrf_token'],
    })
  })

  test('over https the cookie is bound to the host', async () => {
    const { email } = await person()
    const origin = 'https://console.example.com'
    await during({ origins: [origin] }, async () => {
      const page = openBrowser({ url: world.url, origin })
      const answer = await page.send('POST', '/sessions', { email, password: PASSWORD })
      expect(answer.headers.getSetCookie()[0]).toMatch(
        /^__Host-turnpike=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax; Secure$/,
      )
      const seen = await page.send('GET', '/sessions/current', undefined, { origin })
      expect(seen.status).toBe(200)
      const cookie = page.cookie().replace('__Host-', '')
      const plain = openBrowser({ url: world.url, origin, cookie })
      const refused = await plain.send('GET', '/sessions/current', undefined, { origin })
      expect(codeOf(refused)).toBe('session_required')
    })
  })

  test('spelling of the e-mail does not matter, nor how letters of the password are composed', async () => {
    const { email } = await person({ password: 'zwölf Boxkämpfer' })
    const answer = await browser().send('POST', '/sessions', {
      email: ` ${email.toUpperCase()}`,
      password: 'zwölf Boxkämpfer'.normalize('NFD'),
    })
    expect(answer.status).toBe(201)
  })

  test('a wrong password and an e-mail that nobody has are answered alike', async () => {
    const { email } = await person()
    const wrong = await browser().send('POST', '/sessions', { email, password: 'not the password' })
    const nobody = await browser().send('POST', '/sessions', { email: 'x@y.z', password: PASSWORD })
    expect([wrong.status, codeOf(wrong)]).toEqual([401, 'login_failed'])
    expect(nobody.body).toEqual(wrong.body)
    expect(wrong.headers.getSetCookie()).toEqual([])
  })

  test('tries are counted by address and by login', async () => {
    const { email } = await person()
    const window = (limit: number) => openAddressWindow({ limit, nowMs: Date.now })
    const tries = { addressTries: window(5), loginTries: window(2) }
    await during(tries, async () => {
      const page = browser()
      const codes = []
      for (const who of [email, email, email, 'a@b.c', 'd@e.f', 'g@h.i'])
        codes.push(codeOf(await page.send('POST', '/sessions', { email: who, password: 'wrong' })))
      const [failed, throttled] = ['login_failed', 'login_throttled']
      expect(codes).toEqual([failed, failed, throttled, failed, failed, throttled])
      const full = await page.send('POST', '/sessions', { email, password: PASSWORD })
      expect(full.status).toBe(429)
      expect(Number(full.headers.get('retry-after'))).toBeGreaterThan(0)
    })
  })

  test('a session is new with every sign-in, and the one the browser had is over', async () => {
    const { page, email } = await signedIn()
    const before = page.cookie()
    await page.send('POST', '/sessions', { email, password: PASSWORD })
    expect(page.cookie()).not.toBe(before)
    const old = openBrowser({ url: world.url, cookie: before })
    expect(codeOf(await old.send('GET', '/sessions/current'))).toBe('session_required')
    const fixed = openBrowser({ url: world.url, cookie: 'turnpike=chosen-by-somebody-else' })
    await fixed.send('POST', '/sessions', { email, password: PASSWORD })
    expect(fixed.cookie()).not.toContain('chosen')
  })
})

describe('a session', () => {
  test('does what its principal may, and the audit log says who it was', async () => {
    const { id, page } = await signedIn()
    const made = await page.send('POST', '/principals', {
      unit_id: acme.ids.units,
      kind: 'service',
      name: 'bot',
    })
    expect(made.status).toBe(201)
    const above = await page.send('PATCH', `/organizations/${acme.ids.organizations}`, { name: 'Mine' })
    expect(codeOf(above)).toBe('permission_denied')
    const log = await world.ask('GET', `/audit?organization=${acme.ids.organizations}&limit=1`)
    expect(log.body['data']).toMatchObject([{ actor: { kind: 'principal', id }, via: 'api' }])
  })

  test('sees no other organisation', async () => {
    const other = await makeTenant({ world, name: 'Other' })
    const { page } = await signedIn({ role: 'owner', at: acme.ids.organizations })
    expect((await page.send('GET', `/units/${other.ids.units}`)).status).toBe(404)
    expect(
      codeOf(await page.send('POST', `/principals/${other.ids.principals}/login`, { email: 'a@b.cd' })),
    ).toBe('record_not_found')
  })

  test('changes nothing without its token, or for a page of another site', async () => {
    const { page } = await signedIn()
    const body = { unit_id: acme.ids.units, kind: 'service', name: 'forged' }
    const refused = [
      await page.send('POST', '/principals', body, { 'x-csrf-token': '' }),
      await page.send('POST', '/principals', body, { 'x-csrf-token': 'x'.repeat(43) }),
      await page.send('POST', '/principals', body, { origin: 'https://evil.example' }),
      await page.send('POST', '/principals', body, { origin: '' }),
      await page.send('DELETE', '/sessions/current', undefined, { 'x-csrf-token': '' }),
    ]
    expect(refused.map(codeOf)).toEqual(refused.map(() => 'session_request_refused'))
    const other = await signedIn()
    const lent = await page.send('POST', '/principals', body, { 'x-csrf-token': other.page.csrf() })
    expect(codeOf(lent)).toBe('session_request_refused')
    const forced = await page.send(
      'POST',
      '/sessions',
      { email: other.email, password: PASSWORD },
      {
        origin: 'https://evil.example',
      },
    )
    expect(codeOf(forced)).toBe('session_request_refused')
  })

  test('does not count beside an Authorization header', async () => {
    const { page } = await signedIn()
    const wrong = await page.send('GET', '/units', undefined, { authorization: 'Bearer nonsense' })
    expect(codeOf(wrong)).toBe('admin_token_required')
    const key = await page.send(
      'POST',
      `/units`,
      { parent_id: acme.ids.organizations, name: 'By key' },
      {
        authorization: `Bearer ${acme.owner.token}`,
        'x-csrf-token': '',
        origin: '',
      },
    )
    expect(key.status).toBe(201)
  })

  test('ends when its owner leaves', async () => {
    const { page } = await signedIn()
    const cookie = page.cookie()
    const left = await page.send('DELETE', '/sessions/current')
    expect([left.status, left.headers.getSetCookie()[0]]).toMatchObject([
      200,
      expect.stringContaining('Max-Age=0'),
    ])
    const again = openBrowser({ url: world.url, cookie })
    expect(codeOf(await again.send('GET', '/units'))).toBe('session_required')
  })

  test('ends unused after 12 hours, used after 7 days', async () => {
    const idle = await signedIn()
    aheadMs = 12 * HOUR_MS - 60_000
    expect((await idle.page.send('GET', '/sessions/current')).status).toBe(200)
    aheadMs += 12 * HOUR_MS
    expect(codeOf(await idle.page.send('GET', '/sessions/current'))).toBe('session_required')
    aheadMs = 0
    const busy = await signedIn()
    for (; aheadMs < LIMITS.sessionMs - 60_000; aheadMs += 11 * HOUR_MS)
      expect((await busy.page.send('GET', '/sessions/current')).status).toBe(200)
    aheadMs = LIMITS.sessionMs + 1_000
    expect(codeOf(await busy.page.send('GET', '/sessions/current'))).toBe('session_required')
  })

  test.each([
    [
      'the login is set anew',
      (id: string): [string, object] => [`/principals/${id}/login`, { email: `${id}@b.cd` }],
    ],
    ['the login is archived', (id: string): [string, object] => [`/principals/${id}/login/archive`, {}]],
    ['the principal is archived', (id: string): [string, object] => [`/principals/${id}/archive`, {}]],
  ])('ends at once when %s', async (_what, change) => {
    const { id, page } = await signedIn()
    await world.make(...change(id))
    expect(codeOf(await page.send('GET', '/sessions/current'))).toBe('session_required')
    expect(codeOf(await page.send('GET', '/units'))).toBe('session_required')
  })

  test('knows at once what was granted and taken', async () => {
    const { id, page } = await signedIn()
    const path = `/units/${acme.ids.units}`
    expect((await page.send('GET', path)).status).toBe(200)
    const { body } = await world.ask('GET', `/grants?principal_id=${id}`)
    const [grant] = body['data'] as { id: string }[]
    await world.make(`/grants/${grant?.id}/archive`, {})
    expect(codeOf(await page.send('GET', path))).toBe('permission_denied')
  })
})

describe('passwords and invitations', () => {
  test('an invitation is good once and for a day, and its holder chooses the password', async () => {
    const { id, email } = await person()
    const invite = async () => String((await world.make(`/principals/${id}/login`, { email }))['invitation'])
    const [first, second] = [await invite(), await invite()]
    const take = (invitation: string, password = 'quite another one') =>
      browser().send('POST', '/sessions/invitation', { invitation, password })
    expect(codeOf(await take(first))).toBe('invitation_invalid')
    expect(codeOf(await take(second, 'short'))).toBe('invalid_field')
    expect(codeOf(await browser().send('POST', '/sessions', { email, password: PASSWORD }))).toBe(
      'login_failed',
    )
    expect(await take(second)).toMatchObject({ status: 201, body: { principal_id: id } })
    expect(codeOf(await take(second))).toBe('invitation_invalid')
    expect((await browser().send('POST', '/sessions', { email, password: 'quite another one' })).status).toBe(
      201,
    )
    const late = await invite()
    aheadMs = LIMITS.invitationMs
    expect(codeOf(await take(late))).toBe('invitation_invalid')
  })

  test('a changed password ends every other session', async () => {
    const { email, page } = await signedIn()
    const other = browser()
    await other.send('POST', '/sessions', { email, password: PASSWORD })
    const change = { password: PASSWORD, new_password: 'something else now' }
    expect(codeOf(await page.send('POST', '/sessions/password', { ...change, password: 'wrong one' }))).toBe(
      'login_failed',
    )
    expect(codeOf(await page.send('POST', '/sessions/password', { ...change, new_password: 'x' }))).toBe(
      'invalid_field',
    )
    expect((await page.send('POST', '/sessions/password', change)).status).toBe(201)
    expect((await page.send('GET', '/sessions/current')).status).toBe(200)
    expect(codeOf(await other.send('GET', '/sessions/current'))).toBe('session_required')
    expect(codeOf(await browser().send('POST', '/sessions', { email, password: PASSWORD }))).toBe(
      'login_failed',
    )
  })

  test('nobody gives a login to who may do more than they', async () => {
    const owner = await person({ role: 'owner', at: acme.ids.organizations })
    const { page } = await signedIn({ role: 'admin', at: acme.ids.organizations })
    const taken = await page.send('POST', `/principals/${owner.id}/login`, { email: 'mine@b.cd' })
    expect(codeOf(taken)).toBe('grant_exceeds_own')
    expect(
      (await browser().send('POST', '/sessions', { email: owner.email, password: PASSWORD })).status,
    ).toBe(201)
  })

  test('an e-mail signs one person in, and is free when its login is archived', async () => {
    const first = await person()
    const second = await person()
    const path = `/principals/${second.id}/login`
    const taken = await world.ask('POST', path, { body: { email: first.email.toUpperCase() } })
    expect(codeOf(taken)).toBe('login_taken')
    await world.make(`/principals/${first.id}/login/archive`, {})
    expect((await world.ask('POST', path, { body: { email: first.email } })).status).toBe(201)
  })

  test('programs and wallets do not sign in', async () => {
    const bot = await world.make('/principals', { unit_id: acme.ids.units, kind: 'service', name: 'b' })
    const answer = await world.ask('POST', `/principals/${bot.id}/login`, { body: { email: 'a@b.cd' } })
    expect(codeOf(answer)).toBe('invalid_governance_value')
  })

  test('whoever gets in, does not, or goes is in the audit log', async () => {
    const { id, email, page } = await signedIn()
    await browser().send('POST', '/sessions', { email, password: 'not the password' })
    const typed = 'my password, typed here'
    await browser().send('POST', '/sessions', { email: `${typed}@example.com`, password: PASSWORD })
    await browser().send('POST', '/sessions/invitation', { invitation: 'guessed', password: PASSWORD })
    const asked = { password: 'not the password', new_password: 'another few words' }
    expect((await page.send('POST', '/sessions/password', asked)).status).toBe(401)
    // In the same browser once more, then out; out once more does nothing.
    await page.send('POST', '/sessions', { email, password: PASSWORD })
    const over = openBrowser({ url: world.url, cookie: page.cookie() })
    expect((await page.send('DELETE', '/sessions/current')).status).toBe(200)
    expect((await over.send('DELETE', '/sessions/current')).status).toBe(401)
    const entriesOf = async (organization: string, target: string) => {
      const { body } = await world.ask('GET', `/audit?organization=${organization}&limit=100`)
      const rows = body['data'] as { action: string; target: object; after: object; actor: object }[]
      return rows
        .filter((row) => row.action.startsWith('session:') && JSON.stringify(row.target).includes(target))
        .map(({ action, after, actor }) => [action, after, actor])
        .toReversed()
    }
    const member = { kind: 'principal', id }
    const unknown = { kind: 'system', id: 'sign-in' }
    expect(await entriesOf(acme.ids.organizations, id)).toEqual([
      ['session:opened', { by: 'password' }, member],
      ['session:refused', { by: 'password', code: 'login_failed' }, unknown],
      ['session:refused', { by: 'password-change', code: 'login_failed' }, unknown],
      ['session:opened', { by: 'password' }, member],
      ['session:ended', { by: 'sign-in' }, member],
      ['session:ended', { by: 'sign-out' }, member],
    ])
    // Of a login that there is not the log has the try, and nothing that was typed.
    const strangers = await entriesOf('public', 'unknown')
    expect(strangers).toContainEqual(['session:refused', { by: 'password', code: 'login_failed' }, unknown])
    expect(strangers).toContainEqual([
      'session:refused',
      { by: 'invitation', code: 'invitation_invalid' },
      unknown,
    ])
    for (const organization of ['public', acme.ids.organizations]) {
      const { text } = await world.ask('GET', `/audit?organization=${organization}&limit=100`)
      expect(text).not.toContain(typed)
      const verified = await world.ask('GET', `/audit/verify?organization=${organization}`)
      expect(verified.body).toMatchObject({ good: true })
    }
  })

  test('neither e-mail nor password nor token is anywhere in the database or an answer', async () => {
    const { id, email, page } = await signedIn()
    const answers = [
      await world.ask('GET', `/principals/${id}/login`),
      await world.ask('GET', `/audit?organization=${acme.ids.organizations}&limit=100`),
    ]
    const token = page.cookie().split('=')[1] ?? ''
    const { governance, sessions } = world.storage
    const rows = [
      await governance.get({ resource: 'logins', tenant: EVERY_ORGANIZATION, id }),
      await sessions.get(hashToken(token)),
    ]
    const everything = JSON.stringify([answers.map(({ text }) => text), rows])
    expect(everything).toContain(id)
    for (const secret of [email, email.toLowerCase(), PASSWORD, token, page.csrf()])
      expect(everything).not.toContain(secret)
    expect(answers.map(({ text }) => text).join('')).not.toMatch(
      /scrypt|emailDigest|subjectDigest|passwordHash|invitationHash/,
    )
  })
})
