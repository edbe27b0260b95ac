import { timingSafeEqual } from 'node:crypto'
import express, { type Express, type Request, type RequestHandler } from 'express'
import helmet from 'helmet'
import type { Facilitator } from '../../facilitator/create-facilitator.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { AddressWindow } from '../request/address-window.ts'
import { allow } from '../request/allow.ts'
import { sendJson } from '../answer.ts'
import { callerAddress } from '../request/caller-address.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { errorHandler, withRequestId } from '../error-handler.ts'
import { orderRoute } from './order-route.ts'

export type FacilitatorDependencies = Pick<HttpDependencies, 'onError' | 'trustedProxies'> & {
  readonly facilitator: Facilitator
  readonly call: Parameters<typeof withRequestId>[0]['call']
  /** Orders per address; those who have the token are not counted. */
  readonly orders: AddressWindow
  /** Where set, orders are taken from those who send it and from nobody else. */
  readonly accessToken?: string
}

/** x402's facilitator protocol: `/verify`, `/settle`, `/supported`; and `/healthz`. */
export function createFacilitatorApp(dependencies: FacilitatorDependencies): Express {
  const { facilitator } = dependencies
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('trust proxy', dependencies.trustedProxies)
  app.use(withRequestId(dependencies))
  app.use(helmet())
  const guards = [requireAccess(dependencies), oneOfMany()]
  app
    .route('/verify')
    .post(...guards, orderRoute({ facilitator, verb: 'verify' }))
    .all(allow('POST'))
  app
    .route('/settle')
    .post(...guards, orderRoute({ facilitator, verb: 'settle' }))
    .all(allow('POST'))
  app
    .route('/supported')
    .get((_request, response) => sendJson({ response, status: 200, body: facilitator.supported() }))
    .all(allow('GET'))
  app
    .route('/healthz')
    .get((_request, response) => sendJson({ response, status: 200, body: { status: 'ok' } }))
    .all(allow('GET'))
  app.use((request: Request) => {
    throw new TurnpikeError('not_found', {
      message: `There is nothing at ${request.method} ${request.path}.`,
      next: 'A facilitator answers POST /verify, POST /settle, GET /supported and GET /healthz.',
    })
  })
  app.use(errorHandler(dependencies))
  return app
}

/** Gas is spent for those who have the token; where there is none, for everybody, within a rate. */
function requireAccess({ accessToken, orders }: FacilitatorDependencies): RequestHandler {
  const wanted = Buffer.from(`Bearer ${accessToken ?? ''}`)
  return (request, _response, next) => {
    const given = Buffer.from(request.headers.authorization ?? '')
    const isRight =
      accessToken !== undefined && given.length === wanted.length && timingSafeEqual(given, wanted)
    if (!isRight) {
      const retryAfterMs = orders.take(callerAddress(request))
      if (retryAfterMs !== undefined) throw new TurnpikeError('too_many_orders', { retryAfterMs })
      if (accessToken !== undefined) throw new TurnpikeError('facilitator_token_required')
    }
    next()
  }
}

const BUSY_RETRY_MS = 1_000

/** Each order holds memory and waits for a chain. */
function oneOfMany(): RequestHandler {
  let open = 0
  return (_request, response, next) => {
    if (open >= LIMITS.facilitatorAtOnce)
      throw new TurnpikeError('facilitator_busy', { retryAfterMs: BUSY_RETRY_MS })
    open += 1
    response.once('close', () => {
      open -= 1
    })
    next()
  }
}
