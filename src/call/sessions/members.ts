import { LIMITS } from '../../lib/limits.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { Asker } from '../govern/asker.ts'
import type { AdminStore } from '../admin-ports.ts'
import type { RulesStore } from '../rules-ports.ts'
import type { Session, SessionStore } from '../session-ports.ts'
import type { LoginRecord, Logins } from '../credentials/logins.ts'
import { type Entrance, refusedNote, type SignInRequest, signedInNote } from './session-notes.ts'
import { hashToken, newToken } from '../credentials/tokens.ts'

/** What signing in needs of the rest. */
export type SignInDependencies = {
  readonly store: AdminStore
  readonly rules: Pick<RulesStore, 'getByPrincipal'>
  readonly sessions: SessionStore
  readonly logins: Logins
  readonly clock: { readonly nowMs: () => number; readonly random: (byteCount: number) => Uint8Array }
  /** Whom an identity provider may let in who has no login here. */
  readonly provided?: ProvidedMembers
}

export type ProvidedMembers = {
  /** E-mail domains that are let in; absent: all. */
  readonly domains?: readonly string[]
  /** Where a group of the provider puts who is new, and as what. */
  readonly groups: ReadonlyMap<string, { readonly unitId: string; readonly role: string }>
}

export type Member = Asker & { readonly kind: 'principal' }

/** Somebody who is signed in, and by what. */
export type SignedInMember = { readonly member: Member; readonly token: string; readonly session: Session }

/** A person of an organisation, neither of them archived, with all they hold at this moment. */
export async function findMember({
  principalId,
  dependencies: { rules },
}: {
  principalId: string
  dependencies: Pick<SignInDependencies, 'rules'>
}): Promise<Member | undefined> {
  const found = await rules.getByPrincipal(principalId)
  const { organization, principal } = found ?? {}
  if (!found || !organization || !principal || principal.kind !== 'user') return undefined
  if (organization.archivedAtMs !== undefined || principal.archivedAtMs !== undefined) return undefined
  return { kind: 'principal', organizationId: organization.id, rules: found }
}

/** Opens a session for a login as it stands. The token is new, whatever the browser had before. */
export async function openSession({
  login,
  member,
  by,
  request,
  dependencies: { sessions, clock },
}: {
  login: Pick<LoginRecord, 'id' | 'version'>
  member: Member
  by: Entrance
  request: SignInRequest
  dependencies: SignInDependencies
}): Promise<SignedInMember> {
  const token = newToken(clock.random)
  const nowMs = clock.nowMs()
  const session: Session = {
    tokenHash: hashToken(token),
    principalId: login.id,
    loginVersion: login.version,
    createdAtMs: nowMs,
    seenAtMs: nowMs,
    expiresAtMs: nowMs + LIMITS.sessionMs,
  }
  const owner = { organizationId: member.organizationId, principalId: login.id }
  await sessions.open(session, signedInNote({ owner, by, request, atMs: nowMs }))
  return { member, token, session }
}

/** A try that was refused, noted before it is answered. @returns what is to be thrown. */
export async function refuseEntry({
  code,
  login,
  by,
  request,
  dependencies: { sessions, clock },
}: {
  code: 'login_failed' | 'invitation_invalid' | 'identity_refused'
  /** Whose it was; absent where there is none. */
  login?: Pick<LoginRecord, 'id' | 'organizationId'> | undefined
  by: Entrance
  request: SignInRequest
  dependencies: Pick<SignInDependencies, 'sessions' | 'clock'>
}): Promise<TurnpikeError> {
  const owner = login && { organizationId: login.organizationId, principalId: login.id }
  await sessions.refuse(refusedNote({ owner, by, code, request, atMs: clock.nowMs() }))
  return new TurnpikeError(code)
}

export const isSessionOver = ({ session, nowMs }: { session: Session; nowMs: number }): boolean =>
  nowMs >= session.expiresAtMs || nowMs - session.seenAtMs >= LIMITS.sessionIdleMs

/**
 * Who is signed in by a token. It is asked of the database each time: what was revoked, changed or archived counts at once.
 *
 * @throws TurnpikeError `session_required`.
 */
export async function readSession({
  token,
  dependencies,
}: {
  token: string
  dependencies: SignInDependencies
}): Promise<SignedInMember> {
  const { sessions, clock } = dependencies
  const nowMs = clock.nowMs()
  const session = await sessions.get(hashToken(token))
  if (!session || isSessionOver({ session, nowMs })) throw new TurnpikeError('session_required')
  const member = await findMember({ principalId: session.principalId, dependencies })
  if (!member) throw new TurnpikeError('session_required')
  if (nowMs - session.seenAtMs >= LIMITS.sessionSeenMs)
    await sessions.touch({ tokenHash: session.tokenHash, nowMs })
  return { member, token, session }
}

/** Writes a login that its own owner changes, with the entry in the audit log. @returns it as it stands. */
export async function changeOwnLogin({
  was,
  change,
  action,
  request,
  dependencies: { store, clock },
}: {
  was: LoginRecord
  change: Partial<LoginRecord>
  action: string
  request: SignInRequest
  dependencies: SignInDependencies
}): Promise<LoginRecord> {
  const { version, organizationId, id } = was
  const value = { ...was, ...change }
  await store.commit({
    organizationId,
    changes: [{ resource: 'logins', value, expectedVersion: version }],
    actor: { kind: 'principal', id },
    via: request.via,
    action,
    requestId: request.id,
    addressDigest: request.addressDigest,
    atMs: clock.nowMs(),
  })
  return { ...value, version: version + 1 }
}
