import { BUILT_IN_ROLES } from '../../governance/roles/roles.ts'
import { checkName } from '../../governance/hierarchy/check-name.ts'
import type { Principal, Unit } from '../../governance/hierarchy/types.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { uuidV7 } from '../../lib/ids.ts'
import { EVERY_ORGANIZATION, type Login, type RoleGrant } from '../admin-ports.ts'
import { making } from '../govern/desk.ts'
import type { ProvidedIdentity } from '../session-ports.ts'
import { findLogin, type LoginRecord, plainEmail } from './logins.ts'
import {
  changeOwnLogin,
  findMember,
  openSession,
  type SignedInMember,
  type SignInDependencies,
  type SignInRequest,
} from './members.ts'

type Came = {
  readonly identity: ProvidedIdentity
  readonly request: SignInRequest
  readonly dependencies: SignInDependencies
}

const refused = () => new TurnpikeError('identity_refused')

/**
 * Signs in whom an identity provider has sent: who is bound to it already, else who has a login with the e-mail that the provider has verified, else
 * whom a group lets in.
 *
 * @throws TurnpikeError `identity_refused`.
 */
export async function signInProvided(came: Came): Promise<SignedInMember> {
  const { identity, dependencies } = came
  requireDomain(came)
  const { store, logins } = dependencies
  const digests = logins.digestsOf('subject', `${identity.issuer}\n${identity.subject}`)
  const known = await findLogin({ store, by: 'subjectDigest', digests })
  const subjectDigest = digests[0] ?? ''
  const login =
    known ?? (await bindByEmail({ ...came, subjectDigest })) ?? (await letIn({ ...came, subjectDigest }))
  if (login.isByGroup && !(await isStillLetIn(came, login))) throw refused()
  const member = await findMember({ principalId: login.id, dependencies })
  if (!member) throw refused()
  return openSession({ login, member, dependencies })
}

function requireDomain({ identity: { email }, dependencies: { provided } }: Came): void {
  const { domains } = provided ?? {}
  if (!domains) return
  const domain = email === undefined ? undefined : plainEmail(email).split('@').at(-1)
  if (domain === undefined || !domains.includes(domain)) throw refused()
}

/** A login that is bound to another subject already is not bound anew: an e-mail that was given to somebody else opens nothing. */
async function bindByEmail({
  identity: { email },
  subjectDigest,
  ...by
}: Came & { subjectDigest: string }): Promise<LoginRecord | undefined> {
  if (email === undefined) return undefined
  const { store, logins } = by.dependencies
  const was = await findLogin({ store, by: 'emailDigest', digests: logins.digestsOf('email', email) })
  if (!was || was.subjectDigest !== undefined) return undefined
  return changeOwnLogin({ was, change: { subjectDigest }, action: 'logins:bind', ...by })
}

type Place = { readonly unit: Unit; readonly role: string }

/** Where groups put somebody: the first one's organisation, and what all of them give there. */
async function placesOf({ identity, dependencies: { provided, store } }: Came): Promise<readonly Place[]> {
  const told = [...(provided?.groups ?? [])].filter(([group]) => identity.groups.includes(group))
  const places: Place[] = []
  for (const [, { unitId, role }] of told) {
    const unit = await store.get({ resource: 'units', tenant: EVERY_ORGANIZATION, id: unitId })
    if (!unit || unit.archivedAtMs !== undefined) continue
    const { organizationId: tenant } = unit
    if (places[0] && places[0].unit.organizationId !== tenant) continue
    const isBuiltIn = BUILT_IN_ROLES.some((name) => name === role)
    const custom = isBuiltIn ? undefined : await store.get({ resource: 'roles', tenant, id: role })
    if (isBuiltIn || (custom && custom.archivedAtMs === undefined)) places.push({ unit, role })
  }
  return places
}

const isStillLetIn = async (came: Came, { organizationId }: LoginRecord): Promise<boolean> =>
  (await placesOf(came)).some(({ unit }) => unit.organizationId === organizationId)

const nameOf = ({ name = '' }: ProvidedIdentity): string => {
  try {
    return checkName({ name, param: 'name' })
  } catch {
    return 'Member'
  }
}

/** Makes a member of who is new, where a group says so. */
async function letIn(came: Came & { subjectDigest: string }): Promise<LoginRecord> {
  const { identity, subjectDigest, request, dependencies } = came
  const { store, clock } = dependencies
  const places = await placesOf(came)
  const [first] = places
  if (!first) throw refused()
  const nowMs = clock.nowMs()
  const newId = () => uuidV7({ nowMs, random: clock.random(10) })
  const { organizationId, id: unitId } = first.unit
  const principal: Principal = {
    id: newId(),
    organizationId,
    unitId,
    kind: 'user',
    name: nameOf(identity),
    version: 1,
  }
  const login: Login = { id: principal.id, organizationId, subjectDigest, isByGroup: true, version: 1 }
  const grants = places.map(({ unit, role }): RoleGrant => ({
    id: newId(),
    organizationId,
    principalId: principal.id,
    unitId: unit.id,
    role,
    version: 1,
  }))
  await store.commit({
    organizationId,
    changes: [
      making('principals', principal),
      making('logins', login),
      ...grants.map((grant) => making('grants', grant)),
    ],
    unchanged: [{ resource: 'units', id: unitId, version: first.unit.version }],
    actor: { kind: 'system', id: 'identity-provider' },
    via: 'system',
    action: 'principals:write',
    requestId: request.id,
    addressDigest: request.addressDigest,
    atMs: nowMs,
  })
  return login
}
