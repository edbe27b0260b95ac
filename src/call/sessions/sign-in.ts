import { findLogin, type LoginRecord } from '../credentials/logins.ts'
import {
  changeOwnLogin,
  findMember,
  openSession,
  refuseEntry,
  type SignedInMember,
  type SignInDependencies,
} from './members.ts'
import type { SignInRequest } from './session-notes.ts'
import { requireGoodPassword } from '../credentials/passwords.ts'
import { hashToken } from '../credentials/tokens.ts'

/**
 * Signs somebody in by e-mail and password. Whether there is such a login is told neither by the answer nor by its time.
 *
 * @throws TurnpikeError `login_failed`, `login_throttled`.
 */
export async function signIn({
  email,
  password,
  request,
  dependencies,
}: {
  email: string
  password: string
  request: SignInRequest
  dependencies: SignInDependencies
}): Promise<SignedInMember> {
  const { store, logins } = dependencies
  const login = await findLogin({ store, by: 'emailDigest', digests: logins.digestsOf('email', email) })
  const isRight = await logins.isOf({ password, passwordHash: login?.passwordHash })
  const member = login && isRight ? await findMember({ principalId: login.id, dependencies }) : undefined
  const entry = { by: 'password', request, dependencies } as const
  if (!login || !member) throw await refuseEntry({ code: 'login_failed', login, ...entry })
  return openSession({ login, member, ...entry })
}

/** A login with another password; whoever was invited is not any more. */
async function withPassword({
  login: { invitationHash: _hash, invitationExpiresAtMs: _until, ...was },
  version,
  password,
  action,
  request,
  dependencies,
}: {
  login: LoginRecord
  version: number
  password: string
  action: string
  request: SignInRequest
  dependencies: SignInDependencies
}): Promise<LoginRecord> {
  const change = {
    passwordHash: await dependencies.logins.hash(password),
    passwordSetAtMs: dependencies.clock.nowMs(),
  }
  return changeOwnLogin({ was: { ...was, version }, change, action, request, dependencies })
}

/**
 * Takes an invitation, once: its holder chooses a password and is signed in.
 *
 * @throws TurnpikeError `invitation_invalid`, `invalid_field`.
 */
export async function acceptInvitation({
  invitation,
  password,
  request,
  dependencies,
}: {
  invitation: string
  password: string
  request: SignInRequest
  dependencies: SignInDependencies
}): Promise<SignedInMember> {
  requireGoodPassword({ password })
  const { store, clock } = dependencies
  const login = await findLogin({ store, by: 'invitationHash', digests: [hashToken(invitation)] })
  const isOver = (login?.invitationExpiresAtMs ?? 0) <= clock.nowMs()
  const member = login && !isOver ? await findMember({ principalId: login.id, dependencies }) : undefined
  const entry = { by: 'invitation', request, dependencies } as const
  if (!login || !member) throw await refuseEntry({ code: 'invitation_invalid', login, ...entry })
  const changed = await withPassword({
    login,
    version: login.version,
    password,
    action: 'logins:accept',
    request,
    dependencies,
  })
  return openSession({ login: changed, member, ...entry })
}

/**
 * Gives who is signed in another password. All their sessions are over with it; this one is opened anew.
 *
 * @throws TurnpikeError `login_failed` where the password so far is not right, `invalid_field`.
 */
export async function changePassword({
  member,
  password,
  newPassword,
  request,
  dependencies,
}: {
  member: SignedInMember['member']
  password: string
  newPassword: string
  request: SignInRequest
  dependencies: SignInDependencies
}): Promise<SignedInMember> {
  requireGoodPassword({ password: newPassword, param: 'new_password' })
  const { store, logins } = dependencies
  const { organizationId, rules } = member
  const login = await store.get({ resource: 'logins', tenant: organizationId, id: rules.principal.id })
  const isRight = await logins.isOf({ password, passwordHash: login?.passwordHash })
  const entry = { by: 'password-change', request, dependencies } as const
  if (!login || !isRight) throw await refuseEntry({ code: 'login_failed', login, ...entry })
  const { version } = login
  const action = 'logins:change-password'
  const changed = await withPassword({ login, version, password: newPassword, action, request, dependencies })
  return openSession({ login: changed, member, ...entry })
}
