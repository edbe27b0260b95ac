import type { Request } from 'express'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { callerAddress, isLoopback } from '../request/caller-address.ts'
import type { HttpDependencies } from '../dependencies.ts'

/** An admitted call takes itself back, and the question for its price. */
const REQUESTS_OF_A_CALL = 2

/**
 * Until it is admitted a request is work for nothing, so each counts before anything is read of it.
 *
 * @returns takes it back, once the request has been paid for.
 * @throws too_many_unpaid with Retry-After.
 */
export function countUnpaid({
  request,
  dependencies: { unpaid },
}: {
  request: Request
  dependencies: Pick<HttpDependencies, 'unpaid'>
}): () => void {
  if (isLoopback(request)) return () => undefined
  const address = callerAddress(request)
  const retryAfterMs = unpaid.take(address)
  if (retryAfterMs !== undefined) throw new TurnpikeError('too_many_unpaid', { retryAfterMs })
  return () => unpaid.giveBack(address, REQUESTS_OF_A_CALL)
}
