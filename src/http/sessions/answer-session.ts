import type { Request, Response } from 'express'

import { csrfTokenOf, hashToken } from '../../call/credentials/tokens.ts'
import type { SignedInMember } from '../../call/sessions/members.ts'
import type { SignInRequest } from '../../call/sessions/session-notes.ts'
import { signedOutNote } from '../../call/sessions/session-notes.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import { sendJson } from '../answer.ts'
import { setCookie } from './cookies.ts'
import type { SignInEdge } from './edge.ts'
import { sessionToken } from './require-session.ts'
import { sessionOrigin } from './session-origin.ts'

/** @throws TurnpikeError `login_unavailable` where the server does not know its own name. */
export function requireOrigin({ request, edge }: { request: Request; edge: SignInEdge }): string {
  const origin = sessionOrigin({ request, origins: edge.origins })
  if (origin === undefined) throw new TurnpikeError('login_unavailable')
  return origin
}

export function sessionBody({ member: { organizationId, rules }, token, session }: SignedInMember) {
  const { principal, grants } = rules
  return {
    object: 'session',
    principal_id: principal.id,
    name: principal.name,
    organization_id: organizationId,
    unit_id: principal.unitId,
    grants: grants.map(({ unitPath, permissions }) => ({ unit_path: unitPath, permissions })),
    csrf_token: csrfTokenOf(token),
    created_at: new Date(session.createdAtMs).toISOString(),
    expires_at: new Date(session.expiresAtMs).toISOString(),
  }
}

/** Puts a new session in the browser's hand; the one it had is over. */
export async function giveSession({
  signedIn,
  came,
  request,
  response,
  edge,
}: {
  signedIn: SignedInMember
  came: SignInRequest
  request: Request
  response: Response
  edge: SignInEdge
}): Promise<void> {
  const origin = requireOrigin({ request, edge })
  const { sessions, clock } = edge.members
  const before = sessionToken({ request, edge })
  const nowMs = clock.nowMs()
  if (before !== undefined)
    await sessions.revoke({
      tokenHash: hashToken(before),
      nowMs,
      note: (owner) => signedOutNote({ owner, by: 'sign-in', request: came, atMs: nowMs }),
    })
  response.append(
    'set-cookie',
    setCookie({ name: 'turnpike', value: signedIn.token, origin, maxAgeMs: LIMITS.sessionMs }),
  )
}

export const answerSession = (response: Response, status: 200 | 201, signedIn: SignedInMember): void =>
  sendJson({ response, status, body: sessionBody(signedIn) })
