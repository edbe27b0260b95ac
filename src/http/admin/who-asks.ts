import { timingSafeEqual } from 'node:crypto'
import type { Request } from 'express'
import type { Asker } from '../../call/govern/asker.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { findSession } from '../sessions/require-session.ts'

type Asked = { readonly request: Request; readonly dependencies: HttpDependencies }

/** Whether a request has the operator's token. */
export function isOperator({ request, dependencies: { adminToken } }: Asked): boolean {
  const wanted = Buffer.from(`Bearer ${adminToken ?? ''}`)
  const given = Buffer.from(request.headers.authorization ?? '')
  return adminToken !== undefined && given.length === wanted.length && timingSafeEqual(given, wanted)
}

/**
 * Who administers: the operator by its token, a key of an organisation, or a member of one by the cookie of their session. Who sends an
 * Authorization header is a program, and its cookies do not count.
 *
 * @throws TurnpikeError `admin_token_required`; what is wrong with a key or a session.
 */
export async function whoAsks(asked: Asked): Promise<Asker> {
  if (isOperator(asked)) return { kind: 'operator' }
  const { signIn: edge } = asked.dependencies
  if (edge && asked.request.headers.authorization === undefined) {
    const signedIn = await findSession({ request: asked.request, edge })
    if (signedIn) return signedIn.member
  }
  const { authenticate } = asked.dependencies.administration
  const rules = await authenticate?.(asked.request.headers.authorization)
  if (!rules?.key || !rules.organization) throw new TurnpikeError('admin_token_required')
  return { kind: 'key', key: rules.key, rules }
}
