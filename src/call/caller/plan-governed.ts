import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { clampTo } from '../budgets/amounts.ts'
import { callBudgets } from '../budgets/call-budgets.ts'
import type { CallDependencies } from '../dependencies.ts'
import { capWithin, planCall } from '../plan/plan.ts'
import type { SignedPlan } from '../plan/route-by-size.ts'
import type { PlannedCall, ReceivedCall } from '../types.ts'
import { requireAffordable, requireAllowed } from './require-policy.ts'

/**
 * A plan that was quoted may have been made for somebody with fewer rules: of a caller with rules for its route only the price holds, and the
 * call is planned anew within it.
 */
const signedFor = ({
  signed,
  received: { caller },
}: {
  signed: SignedPlan | undefined
  received: ReceivedCall
}): SignedPlan | undefined =>
  signed && caller && caller.routing.length > 0 ? { ...signed, places: [] } : signed

/** A price that was quoted for a shorter answer, because a budget had no more room, buys no longer one. */
function withinSigned(planned: PlannedCall, signed: SignedPlan | undefined): PlannedCall {
  if (!signed || planned.ceilingPicoUsd <= signed.ceilingPicoUsd) return planned
  const cap = capWithin({ ...planned, limitPicoUsd: signed.ceilingPicoUsd })
  if (cap === undefined || cap < 1) throw new TurnpikeError('quote_expired')
  return clampTo({ planned, outputCap: cap })
}

/**
 * Plans a call under the rules of its caller: what a policy forbids is refused before it is priced, and with the plan come the budgets that it
 * will be held against.
 *
 * @throws TurnpikeError what planCall throws, and the codes of policies: 403.
 */
export async function planGoverned({
  received,
  signed,
  dependencies,
}: {
  received: ReceivedCall
  signed?: SignedPlan | undefined
  dependencies: CallDependencies
}): Promise<PlannedCall> {
  requireAllowed({ call: received, dependencies })
  const plan = await planCall({ received, signed: signedFor({ signed, received }), dependencies })
  const planned = withinSigned(plan, signed)
  requireAffordable({ call: planned, dependencies })
  const budgets = await callBudgets({ received, store: dependencies.governed.budgets })
  return budgets ? { ...planned, budgets } : planned
}
