import type { Address } from '../../payment/types.ts'
import type { CallDependencies } from '../dependencies.ts'
import type { PlannedCall } from '../types.ts'
import { callOf } from './call-of.ts'
import { governedCaller } from './governed-caller.ts'
import { planGoverned } from './plan-governed.ts'

/**
 * The call under the rules of the wallet that pays, once its signature has shown that it does: until then anybody could have named it, and
 * learned from an answer what it may and what it has left. A wallet that nobody has set anything for, which is the usual one, changes
 * nothing; else the call is planned anew within the price that was paid.
 *
 * @throws TurnpikeError `wallet_denied` and the codes of policies: 403, before anything is held or brought on chain.
 */
export async function governPayer({
  planned,
  payer,
  dependencies,
}: {
  planned: PlannedCall
  payer: Address
  dependencies: CallDependencies
}): Promise<PlannedCall> {
  const { caller: before, request, ceilingPicoUsd, places = [] } = planned
  const { governed, defaultOutputTokens } = dependencies
  if (!before || before.payer === payer) return planned
  const keyRules = before.rules.key ? before.rules : undefined
  const runId = request.budget?.runId
  const caller = await governedCaller({ keyRules, payer, runId, governed })
  const received = callOf({ received: planned, caller, defaultOutputTokens })
  const { policies, budgets } = caller.rules
  const isBound = policies.length + budgets.length > 0 || request.budget !== undefined
  if (!isBound) return { ...planned, ...received }
  return planGoverned({ received, signed: { ceilingPicoUsd, places }, dependencies })
}
