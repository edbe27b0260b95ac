import { type AskedOfPolicy, judgeCall, policyError } from '../../governance/policies/judge-call.ts'
import { matcherOf } from '../../routing/overrides/match-models.ts'
import { isAuto } from '../../routing/plan-route.ts'
import type { CallDependencies } from '../dependencies.ts'
import type { PlannedCall, ReceivedCall } from '../types.ts'
import { alertPolicyRefused } from '../alerts/refusal-alerts.ts'

type Judged<Call = ReceivedCall> = { readonly call: Call; readonly dependencies: CallDependencies }

/** @throws TurnpikeError the first thing that the caller's policy has against it: 403, and whoever set it is told. */
function requireOf({ call, dependencies }: Judged, asked: AskedOfPolicy): void {
  const { caller } = call
  const refusal = caller && judgeCall({ policy: caller.policy, asked, matcherOf })
  if (!refusal) return
  alertPolicyRefused({ call, refusal, dependencies })
  throw policyError(refusal)
}

/**
 * Refuses what a request names in spite of a policy. What it leaves to the router is kept within the policy by the router's filters.
 *
 * @throws TurnpikeError `model_not_allowed_by_policy`, `provider_not_allowed_by_policy`, `strategy_not_allowed_by_policy`.
 */
export function requireAllowed(judged: Judged): void {
  const { request, caller } = judged.call
  if (!caller || caller.rules.policies.length === 0) return
  const { aliases } = judged.dependencies.catalog
  const { models = [], providerOnly = [], providerOrder = [], strategy } = request.routing ?? {}
  requireOf(judged, {
    providers: [...providerOnly, ...providerOrder],
    ...(strategy === undefined ? {} : { strategy }),
  })
  for (const name of [request.model, ...models])
    if (!isAuto(name)) requireOf(judged, { modelId: aliases?.get(name) ?? name })
}

/** @throws TurnpikeError `call_above_policy_cap` where the call may cost more than a policy lets one call cost. */
export const requireAffordable = (judged: Judged<PlannedCall>): void =>
  requireOf(judged, { ceilingPicoUsd: judged.call.ceilingPicoUsd })
