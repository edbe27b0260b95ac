import { checkName } from '../../governance/hierarchy/check-name.ts'
import type { Principal } from '../../governance/hierarchy/types.ts'
import { uuidV7 } from '../../lib/ids.ts'
import type { Login } from '../admin-ports.ts'
import { making } from '../govern/desk.ts'
import type { ProvidedIdentity } from '../session-ports.ts'
import { type Came, followGroups, groupGrant, placesOf } from './group-roles.ts'
import { findLogin, type LoginRecord, plainEmail } from '../credentials/logins.ts'
import { changeOwnLogin, findMember, openSession, refuseEntry, type SignedInMember } from './members.ts'

/**
 * Signs in whom an identity provider has sent: who is bound to it already, else who has a login with the e-mail that the provider has verified, else
 * whom a group lets in. What they hold by groups follows the groups of now, also where they are not let in by them any more.
 *
 * @throws TurnpikeError `identity_refused`.
 */
export async function signInProvided(came: Came): Promise<SignedInMember> {
  const { identity, dependencies } = came
  const { store, logins } = dependencies
  const entry = { ...came, by: 'identity-provider' } as const
  if (!isOfDomain(came)) throw await refuseEntry({ ...entry, code: 'identity_refused' })
  const digests = logins.digestsOf('subject', `${identity.issuer}\n${identity.subject}`)
  const known = await findLogin({ store, by: 'subjectDigest', digests })
  const subjectDigest = digests[0] ?? ''
  const login =
    known ?? (await bindByEmail({ ...came, subjectDigest })) ?? (await letIn({ ...came, subjectDigest }))
  if (!login) throw await refuseEntry({ ...entry, code: 'identity_refused' })
  const places = await placesOf({ ...came, organizationId: login.organizationId })
  await followGroups({ ...came, login, places })
  const isOut = login.isByGroup && places.length === 0
  const member = isOut ? undefined : await findMember({ principalId: login.id, dependencies })
  if (!member) throw await refuseEntry({ ...entry, code: 'identity_refused', login })
  return openSession({ ...entry, login, member })
}

function isOfDomain({ identity: { email }, dependencies: { provided } }: Came): boolean {
  const { domains } = provided ?? {}
  const domain = email === undefined ? undefined : plainEmail(email).split('@').at(-1)
  return !domains || (domain !== undefined && domains.includes(domain))
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

const nameOf = ({ name = '' }: ProvidedIdentity): string => {
  try {
    return checkName({ name, param: 'name' })
  } catch {
    return 'Member'
  }
}

/** Makes a member of who is new, where a group says so; undefined where none does. */
async function letIn(came: Came & { subjectDigest: string }): Promise<LoginRecord | undefined> {
  const { identity, subjectDigest, request, dependencies } = came
  const { store, clock } = dependencies
  const places = await placesOf(came)
  const [first] = places
  if (!first) return undefined
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
  const grants = places.map((place) => groupGrant({ place, principalId: principal.id, clock }))
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
