import { admitFree } from '../../call/admit/admit-free.ts'
import type { AdmittedCall, PlannedCall } from '../../call/types.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { HttpDependencies } from '../dependencies.ts'

/**
 * A call of price zero is admitted without a payment; what it may cost us is bounded per address, and by what budgets have set for it.
 *
 * @throws free_limit_reached with Retry-After; budget_exceeded.
 */
export async function freeCall({
  planned,
  address,
  dependencies,
}: {
  planned: PlannedCall
  address: string
  dependencies: HttpDependencies
}): Promise<AdmittedCall> {
  const retryAfterMs = dependencies.freeCalls.take(address)
  if (retryAfterMs !== undefined) throw new TurnpikeError('free_limit_reached', { retryAfterMs })
  return admitFree({ planned, dependencies: dependencies.call })
}
