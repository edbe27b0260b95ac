import type { Request } from 'express'
import { readSession, type SignedInMember } from '../../call/sessions/members.ts'
import { isCsrfTokenOf } from '../../call/credentials/tokens.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { readCookie } from './cookies.ts'
import type { SignInEdge } from './edge.ts'
import { isFromOurPage, sessionOrigin } from './session-origin.ts'

const READING = new Set(['GET', 'HEAD'])

/** The token of a session that a request carries. */
export function sessionToken({ request, edge }: { request: Request; edge: SignInEdge }): string | undefined {
  const origin = sessionOrigin({ request, origins: edge.origins })
  return origin === undefined ? undefined : readCookie({ request, name: 'turnpike', origin })
}

/** A browser sends its cookie with whatever another site makes it send: what changes something has to show that a page of ours has sent it. */
function requireMeant({ request, edge, token }: { request: Request; edge: SignInEdge; token: string }): void {
  if (READING.has(request.method)) return
  const given = request.headers['x-csrf-token']
  const isOurs = isFromOurPage({ request, origins: edge.origins })
  if (!isOurs || typeof given !== 'string' || !isCsrfTokenOf({ token, given }))
    throw new TurnpikeError('session_request_refused')
}

/**
 * Who is signed in by the cookie of a request; undefined where it has none.
 *
 * @throws TurnpikeError `session_required` where the session is over, `session_request_refused`.
 */
export async function findSession({
  request,
  edge,
}: {
  request: Request
  edge: SignInEdge
}): Promise<SignedInMember | undefined> {
  const token = sessionToken({ request, edge })
  if (token === undefined) return undefined
  const found = await readSession({ token, dependencies: edge.members })
  requireMeant({ request, edge, token })
  return found
}
