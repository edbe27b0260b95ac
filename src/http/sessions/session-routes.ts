import { type Request, type RequestHandler, type Response, Router } from 'express'
import type { z } from 'zod'
import { plainEmail } from '../../call/credentials/logins.ts'
import type { SignedInMember } from '../../call/sessions/members.ts'
import { signedOutNote } from '../../call/sessions/session-notes.ts'
import { acceptInvitation, changePassword, signIn } from '../../call/sessions/sign-in.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import { allow } from '../request/allow.ts'
import { sendJson } from '../answer.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { readBody } from '../request/read-body.ts'
import { readJson } from '../request/read-json.ts'
import { readFields } from '../request/read-fields.ts'
import { answerSession, giveSession, requireOrigin } from './answer-session.ts'
import { cameBy, requireTry, takeTry } from './came-by.ts'
import { setCookie } from './cookies.ts'
import type { SignInEdge } from './edge.ts'
import { providerRoutes } from './provider-routes.ts'
import { findSession } from './require-session.ts'
import { INVITATION, PASSWORD, SIGN_IN } from './session-operations.ts'

const fieldsOf = async <Schema extends z.ZodObject>(request: Request, schema: Schema) =>
  readFields(schema, readJson(await readBody(request, { limitBytes: LIMITS.adminBodyBytes })))

/** `/admin/v1/sessions`: how members get in and out. */
export function sessionRoutes(
  dependencies: Pick<HttpDependencies, 'administration'>,
  edge: SignInEdge,
): Router {
  const router = Router()
  const { members } = edge
  const cameFrom = (request: Request, response: Response) => cameBy({ request, response, dependencies })
  const give = async (request: Request, response: Response, signedIn: SignedInMember) => {
    await giveSession({ signedIn, came: cameFrom(request, response), request, response, edge })
    answerSession(response, 201, signedIn)
  }

  const enter: RequestHandler = async (request, response) => {
    requireTry({ request, edge })
    const { email, password } = await fieldsOf(request, SIGN_IN)
    takeTry(edge.loginTries, members.logins.digestsOf('email', plainEmail(email))[0] ?? '')
    const by = { request: cameFrom(request, response), dependencies: members }
    await give(request, response, await signIn({ email, password, ...by }))
  }
  const accept: RequestHandler = async (request, response) => {
    requireTry({ request, edge })
    const { invitation, password } = await fieldsOf(request, INVITATION)
    const given = {
      invitation,
      password,
      request: cameFrom(request, response),
      dependencies: members,
    }
    await give(request, response, await acceptInvitation(given))
  }
  const current = async (request: Request): Promise<SignedInMember> => {
    const found = await findSession({ request, edge })
    if (!found) throw new TurnpikeError('session_required')
    return found
  }
  const show: RequestHandler = async (request, response) =>
    answerSession(response, 200, await current(request))
  const leave: RequestHandler = async (request, response) => {
    const { session } = await current(request)
    const nowMs = members.clock.nowMs()
    const noted = { by: 'sign-out', request: cameFrom(request, response), atMs: nowMs } as const
    await members.sessions.revoke({
      tokenHash: session.tokenHash,
      nowMs,
      note: (owner) => signedOutNote({ owner, ...noted }),
    })
    const origin = requireOrigin({ request, edge })
    response.append('set-cookie', setCookie({ name: 'turnpike', value: '', origin, maxAgeMs: 0 }))
    sendJson({ response, status: 200, body: { object: 'session', ended: true } })
  }
  const repass: RequestHandler = async (request, response) => {
    requireTry({ request, edge })
    const { member } = await current(request)
    takeTry(edge.loginTries, member.rules.principal.id)
    const { password, new_password: newPassword } = await fieldsOf(request, PASSWORD)
    const by = { request: cameFrom(request, response), dependencies: members }
    await give(request, response, await changePassword({ member, password, newPassword, ...by }))
  }

  router.route('/sessions').post(enter).all(allow('POST'))
  router.route('/sessions/current').get(show).delete(leave).all(allow('DELETE, GET, HEAD'))
  router.route('/sessions/password').post(repass).all(allow('POST'))
  router.route('/sessions/invitation').post(accept).all(allow('POST'))
  router.use(providerRoutes(dependencies, edge))
  return router
}
