import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { HttpDependencies } from '../dependencies.ts'

/** While nothing can be recorded, nobody is asked to pay and nothing is served. @throws unavailable. */
export function requireStorage({ call }: Pick<HttpDependencies, 'call'>): void {
  if (call.isStorageAway()) throw new TurnpikeError('unavailable', { retryAfterMs: LIMITS.storageRetryMs })
}
