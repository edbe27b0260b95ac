import { mayDo } from '../../governance/roles/may-do.ts'
import type { Permission } from '../../governance/roles/permissions.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { Login } from '../admin-ports.ts'
import { findLogin } from '../credentials/logins.ts'
import { requireGoodPassword } from '../credentials/passwords.ts'
import { hashToken, newToken } from '../credentials/tokens.ts'
import { grantsOf, type Spot } from './asker.ts'
import { grantsOfPrincipal } from './change-keys.ts'
import { changing, type Decision, type Desk, making } from './desk.ts'

/**
 * Lets nobody give a login to who could do more than they: whoever gives one could sign in by it.
 *
 * @throws TurnpikeError `grant_exceeds_own`.
 */
async function requireGivable(desk: Desk, { organizationId, ownerId }: Spot): Promise<void> {
  const { asker } = desk
  const grants = grantsOf({ asker, organizationId })
  const isOwn = asker.kind !== 'operator' && asker.rules.principal.id === ownerId
  const missing = new Set<string>()
  for (const { unitPath, permissions } of await grantsOfPrincipal(desk, organizationId, ownerId ?? ''))
    for (const permission of Object.keys(permissions) as Permission[])
      if (!mayDo({ grants, permission, unitPath, isOwn })) missing.add(permission)
  if (missing.size === 0) return
  throw new TurnpikeError('grant_exceeds_own', {
    message: `Who signs in by this login could do what you cannot: ${[...missing].join(', ')}.`,
    extra: { metadata: { missing: [...missing] } },
  })
}

async function requireFree(desk: Desk, { id, email }: { id: string; email: string }): Promise<string> {
  const { store, logins } = desk.dependencies
  const digests = logins.digestsOf('email', email)
  const other = await findLogin({ store, by: 'emailDigest', digests })
  if (other && other.id !== id) throw new TurnpikeError('login_taken', { param: 'email' })
  return digests[0] ?? ''
}

/** A password, or an invitation to choose one. */
async function entryOf(desk: Desk, { email, password }: { email: string; password: string | undefined }) {
  const { nowMs, dependencies } = desk
  if (password !== undefined) {
    requireGoodPassword({ password, email })
    return {
      entry: { passwordHash: await dependencies.logins.hash(password), passwordSetAtMs: nowMs },
      once: {},
    }
  }
  const invitation = newToken(dependencies.clock.random)
  return {
    entry: { invitationHash: hashToken(invitation), invitationExpiresAtMs: nowMs + LIMITS.invitationMs },
    once: { invitation },
  }
}

/**
 * Lets a member sign in by an e-mail: with a password, or without one by an invitation, whose text is in `once` and nowhere else. What was before
 * is over with it: sessions, password, invitation, and the bond to an identity provider.
 *
 * @throws TurnpikeError `grant_exceeds_own`, `login_taken`, `principal_archived`, `invalid_field`.
 */
export async function setLogin(
  desk: Desk,
  {
    principalId,
    email,
    password,
    version,
  }: {
    principalId: string
    email: string
    password?: string | undefined
    version?: number | undefined
  },
): Promise<Decision> {
  const { records } = desk
  const principal = await records.get('principals', principalId)
  const spot = await records.spotOfPrincipal(principal)
  desk.need(spot)
  if (principal.archivedAtMs !== undefined) throw new TurnpikeError('principal_archived')
  if (principal.kind !== 'user')
    throw new TurnpikeError('invalid_governance_value', {
      param: 'id',
      message: 'Only a person signs in; a program has a key.',
    })
  await requireGivable(desk, spot)
  const emailDigest = await requireFree(desk, { id: principalId, email })
  const { entry, once } = await entryOf(desk, { email, password })
  const { organizationId } = spot
  const was = await records.find('logins', principalId)
  const login: Login = {
    id: principalId,
    organizationId,
    emailDigest,
    ...entry,
    isByGroup: false,
    version: 1,
  }
  return {
    organizationId,
    changes: [was ? changing('logins', was, login, version) : making('logins', login)],
    unchanged: [{ resource: 'principals', id: principal.id, version: principal.version }],
    answer: { resource: 'logins', id: principalId },
    once,
  }
}

/** Ends a login; its sessions are over, and its e-mail is free. */
export async function archiveLogin(
  desk: Desk,
  { principalId, version }: { principalId: string; version?: number | undefined },
): Promise<Decision> {
  const { records, nowMs } = desk
  desk.need(await records.spotOfOwner(principalId, 'id'))
  const was = await records.get('logins', principalId)
  const { organizationId } = was
  const answer = { resource: 'logins', id: principalId } as const
  if (was.archivedAtMs !== undefined) return { organizationId, changes: [], answer }
  return {
    organizationId,
    changes: [changing('logins', was, { ...was, archivedAtMs: nowMs }, version)],
    answer,
  }
}
