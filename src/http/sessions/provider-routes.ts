import { type RequestHandler, Router } from 'express'
import { refuseEntry } from '../../call/sessions/members.ts'
import { signInProvided } from '../../call/sessions/sign-in-provided.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import { allow } from '../request/allow.ts'
import { PRIVATE } from '../answer.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { giveSession, requireOrigin } from './answer-session.ts'
import { cameBy, requireTry } from './came-by.ts'
import { readCookie, setCookie } from './cookies.ts'
import type { SignInEdge } from './edge.ts'

const CALLBACK = '/admin/v1/sessions/oidc/callback'
const CONSOLE = '/console/'
/** A path of ours: never the beginning of another host. */
const OWN_PATH = /^\/(?![/\\])[\w\-./?=&%#~]{0,500}$/

/** `/admin/v1/sessions/oidc`: to the identity provider and back. */
export function providerRoutes(
  dependencies: Pick<HttpDependencies, 'administration'>,
  edge: SignInEdge,
): Router {
  const router = Router()
  const { members } = edge
  const provided = () => {
    if (!edge.provided) throw new TurnpikeError('identity_provider_missing')
    return edge.provided
  }

  const go: RequestHandler = async (request, response) => {
    const { provider, seal } = provided()
    requireTry({ request, edge })
    const origin = requireOrigin({ request, edge })
    const { return_to: asked = CONSOLE } = request.query
    if (typeof asked !== 'string' || !OWN_PATH.test(asked))
      throw new TurnpikeError('invalid_field', {
        param: 'return_to',
        message: 'return_to is a path of ours.',
      })
    const { url, trip } = await provider.begin({ redirectUri: `${origin}${CALLBACK}`, returnTo: asked })
    const value = seal.close(trip)
    response.append(
      'set-cookie',
      setCookie({ name: 'turnpike-trip', value, origin, maxAgeMs: LIMITS.providerTripMs }),
    )
    response.writeHead(303, { location: url, ...PRIVATE }).end()
  }

  const comeBack: RequestHandler = async (request, response) => {
    const { provider, seal } = provided()
    requireTry({ request, edge })
    const origin = requireOrigin({ request, edge })
    const sealed = readCookie({ request, name: 'turnpike-trip', origin })
    response.append('set-cookie', setCookie({ name: 'turnpike-trip', value: '', origin, maxAgeMs: 0 }))
    const trip = sealed === undefined ? undefined : seal.open(sealed)
    const came = cameBy({ request, response, dependencies })
    const refused = async () =>
      refuseEntry({
        code: 'identity_refused',
        by: 'identity-provider',
        request: came,
        dependencies: members,
      })
    if (!trip) throw await refused()
    const query = request.originalUrl.slice(request.originalUrl.indexOf('?'))
    const identity = await provider
      .finish({ query: query.startsWith('?') ? query : '', trip })
      .catch(async (error: unknown) => {
        throw error instanceof TurnpikeError && error.code === 'identity_refused' ? await refused() : error
      })
    const signedIn = await signInProvided({ identity, request: came, dependencies: members })
    await giveSession({ signedIn, came, request, response, edge })
    response.writeHead(303, { location: trip.returnTo, ...PRIVATE }).end()
  }

  router.route('/sessions/oidc').get(go).all(allow('GET, HEAD'))
  router.route('/sessions/oidc/callback').get(comeBack).all(allow('GET, HEAD'))
  return router
}
