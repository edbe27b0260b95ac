import type { RequestHandler } from 'express'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { PRIVATE } from '../answer.ts'

/**
 * The last stop of a path for methods that nobody took before: OPTIONS is told which there are, any other is refused with the same list.
 * Browsers of other origins get no permission: no CORS header is sent.
 *
 * @param methods those of the path, e.g. `GET, HEAD`.
 */
export function allow(methods: string): RequestHandler {
  const headers = { allow: `${methods}, OPTIONS` }
  return (request, response) => {
    if (request.method !== 'OPTIONS') throw new TurnpikeError('method_not_allowed', { headers })
    response.writeHead(204, { ...PRIVATE, ...headers })
    response.end()
  }
}
