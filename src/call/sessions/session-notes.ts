import type { AuditRecord } from '../../governance/audit/types.ts'
import { PUBLIC_UNIT } from '../../governance/hierarchy/types.ts'
import type { ErrorCode } from '../../lib/errors/registry.ts'
import type { AdminRequest } from '../govern/dependencies.ts'

/** How a request came, for the audit log. */
export type SignInRequest = Pick<AdminRequest, 'id' | 'via' | 'addressDigest'>

/** By what somebody gets in. */
export type Entrance = 'password' | 'invitation' | 'password-change' | 'identity-provider'

/** Whose session or login it is about. */
export type SessionOwner = { readonly organizationId: string; readonly principalId: string }

/** Stands for the login of a try at one that there is not: no e-mail is kept, not even as a digest, since people mistype their passwords into that field. */
const UNKNOWN: SessionOwner = { organizationId: PUBLIC_UNIT.id, principalId: 'unknown' }

type Noted = {
  readonly request: SignInRequest
  readonly atMs: number
}

const noteOf = ({
  owner: { organizationId, principalId },
  request: { id, via, addressDigest },
  ...rest
}: Noted & {
  owner: SessionOwner
} & Pick<AuditRecord, 'actor' | 'action' | 'before' | 'after'>): AuditRecord => {
  const { atMs, actor, action, before, after } = rest
  const target = { kind: 'logins', id: principalId }
  return { organizationId, atMs, actor, via, action, target, before, after, requestId: id, addressDigest }
}

/** Somebody is in. */
export const signedInNote = ({ owner, by, ...noted }: Noted & { owner: SessionOwner; by: Entrance }) =>
  noteOf({
    ...noted,
    owner,
    actor: { kind: 'principal', id: owner.principalId },
    action: 'session:opened',
    before: null,
    after: { by },
  })

/** Somebody is out by their own will: by signing out, or by signing in anew in the same browser. */
export const signedOutNote = ({
  owner,
  by,
  ...noted
}: Noted & { owner: SessionOwner; by: 'sign-out' | 'sign-in' }) =>
  noteOf({
    ...noted,
    owner,
    actor: { kind: 'principal', id: owner.principalId },
    action: 'session:ended',
    before: null,
    after: { by },
  })

/** Somebody was not let in. Who it was is not known: whose login it is does not say who has tried it. */
export const refusedNote = ({
  owner = UNKNOWN,
  by,
  code,
  ...noted
}: Noted & { owner?: SessionOwner | undefined; by: Entrance; code: ErrorCode }) =>
  noteOf({
    ...noted,
    owner,
    actor: { kind: 'system', id: 'sign-in' },
    action: 'session:refused',
    before: null,
    after: { by, code },
  })
