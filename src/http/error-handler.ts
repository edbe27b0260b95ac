import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express'
import { toWireError } from '../lib/errors/to-wire.ts'
import { uuidV7 } from '../lib/ids.ts'
import { frameEvent } from '../lib/sse.ts'
import { asTurnpikeError, requestIdOf, sendError } from './answer.ts'
import type { HttpDependencies } from './dependencies.ts'
import { dialectAt } from './request/dialects.ts'

/** What a caller may choose as its own request id. */
const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/

/** Takes the caller's `x-request-id` where it is one, else makes one; every answer carries it. */
export function withRequestId({
  call: { clock },
}: {
  readonly call: { readonly clock: Pick<HttpDependencies['call']['clock'], 'nowMs' | 'random'> }
}): RequestHandler {
  return (request, response, next) => {
    const given = request.headers['x-request-id']
    const isGood = typeof given === 'string' && REQUEST_ID.test(given)
    const id = isGood ? given : uuidV7({ nowMs: clock.nowMs(), random: clock.random(10) })
    response.setHeader('x-request-id', id)
    const { requestIdHeader } = dialectAt(request.path)
    if (requestIdHeader) response.setHeader(requestIdHeader, id)
    next()
  }
}

/** Lets an answer speak the dialect of another path than its own. */
export function speakAs({ response, path }: { response: Response; path: string }): void {
  response.locals['spokenPath'] = path
  const { requestIdHeader } = dialectAt(path)
  if (requestIdHeader) response.setHeader(requestIdHeader, requestIdOf(response))
}

const spokenPath = (request: Request, response: Response): string => {
  const path: unknown = response.locals['spokenPath']
  return typeof path === 'string' ? path : request.path
}

/** The last stop of every error: one shape for all of them. Once bytes are out, the connection ends instead. */
export function errorHandler({ onError }: Pick<HttpDependencies, 'onError'>): ErrorRequestHandler {
  return (thrown: unknown, request, response, _next) => {
    const error = asTurnpikeError(thrown)
    const isOurFault = error.code === 'internal_error' || error.code === 'unavailable'
    if (isOurFault)
      onError({ error: error.cause ?? error, requestId: requestIdOf(response), path: request.path })
    if (!response.headersSent) sendError({ response, error, path: spokenPath(request, response) })
    else if (!response.writableEnded) {
      const facts = { error: toWireError(error), requestId: requestIdOf(response) }
      const { errorBody, namesEvents } = dialectAt(request.path)
      response.write(frameEvent(JSON.stringify(errorBody(facts)), namesEvents ? 'error' : undefined))
      response.end()
    }
  }
}
