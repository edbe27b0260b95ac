import type { Request, Response } from 'express'
import type { SignInRequest } from '../../call/sessions/session-notes.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { requestIdOf } from '../answer.ts'
import { callerAddress } from '../request/caller-address.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { requireOrigin } from './answer-session.ts'
import type { SignInEdge } from './edge.ts'
import { isFromOurPage } from './session-origin.ts'

/** How a request came, for the audit log. */
export const cameBy = ({
  request,
  response,
  dependencies: { administration },
}: {
  request: Request
  response: Response
  dependencies: Pick<HttpDependencies, 'administration'>
}): SignInRequest => ({
  id: requestIdOf(response),
  via: request.headers['x-turnpike-via'] === 'console' ? 'console' : 'api',
  addressDigest: administration.digest(`address ${callerAddress(request)}`),
})

/**
 * A page of another site signs nobody in, and an address tries so often a minute.
 *
 * @throws TurnpikeError `login_throttled`, `session_request_refused`, `login_unavailable`.
 */
export function requireTry({ request, edge }: { request: Request; edge: SignInEdge }): void {
  requireOrigin({ request, edge })
  if (request.headers.origin !== undefined && !isFromOurPage({ request, origins: edge.origins }))
    throw new TurnpikeError('session_request_refused')
  takeTry(edge.addressTries, callerAddress(request))
}

/** @throws TurnpikeError `login_throttled` with Retry-After. */
export function takeTry(tries: SignInEdge['addressTries'], name: string): void {
  const retryAfterMs = tries.take(name)
  if (retryAfterMs !== undefined) throw new TurnpikeError('login_throttled', { retryAfterMs })
}
