import { newEvent } from '../../governance/alerts/coalesce.ts'
import type { Constraint } from '../../governance/budgets/admit.ts'
import type { PolicyRefusal } from '../../governance/policies/judge-call.ts'
import type { RatesTaken } from '../../governance/rates/take-rates.ts'
import { formatUsd } from '../../lib/money.ts'
import type { RateLimit } from '../admin-ports.ts'
import type { CallDependencies } from '../dependencies.ts'
import type { ReceivedCall } from '../types.ts'

type Told = {
  readonly call: Pick<ReceivedCall, 'callId' | 'caller' | 'receivedAtMs'>
  readonly dependencies: Pick<CallDependencies, 'governed'>
}

/** Who called, for the people who set the rule; undefined: of nobody's call nobody is told. */
function whoOf({ callId, caller, receivedAtMs }: Told['call']) {
  if (!caller) return undefined
  const { organization, principal, key } = caller.rules
  return {
    organizationId: organization?.id ?? null,
    principalId: principal.id,
    keyId: key?.id ?? null,
    callId,
    atMs: receivedAtMs,
  }
}

/** A budget has refused a call, or would have. */
export function alertOverBudget({
  call,
  constraint: { budgetId, level, levelId, metric, windowId, resetsAtMs, mode, ...sums },
  dependencies,
}: Told & { constraint: Constraint }): void {
  const who = whoOf(call)
  if (!who) return
  const written = (amount: bigint) => (metric === 'usd' ? formatUsd(amount) : amount.toString())
  const { organizationId, principalId, keyId, callId, atMs } = who
  const event = newEvent({
    type: 'budget.refused',
    organizationId,
    cause: [callId, budgetId, levelId],
    data: {
      budget_id: budgetId,
      scope: level,
      scope_id: levelId,
      metric,
      window: windowId,
      limit: written(sums.limit),
      spent: written(sums.spent),
      held: written(sums.held),
      needed: written(sums.needed),
      resets_at: resetsAtMs === null ? null : new Date(resetsAtMs).toISOString(),
      mode,
      principal_id: principalId,
      key_id: keyId,
    },
    atMs,
  })
  dependencies.governed.alerts.note(event)
}

/** A rate has refused a call. */
export function alertRateLimited({
  call,
  binding: { place, metric },
  limits,
  dependencies,
}: Told & { binding: NonNullable<RatesTaken['binding']>; limits: readonly RateLimit[] }): void {
  const who = whoOf(call)
  if (!who) return
  const rate = limits.find((one) => one.metric === metric && one.place.id === place.id)
  const event = newEvent({
    type: 'rate.limited',
    organizationId: who.organizationId,
    cause: [who.callId, place.level, place.id, metric],
    data: { scope: place.level, scope_id: place.id, metric, limit: String(rate?.limit ?? 0) },
    atMs: who.atMs,
  })
  dependencies.governed.alerts.note(event)
}

/** A policy has refused a call. */
export function alertPolicyRefused({
  call,
  refusal: { code, from },
  dependencies,
}: Told & { refusal: PolicyRefusal }): void {
  const who = whoOf(call)
  const [source] = from
  if (!who || !source) return
  const event = newEvent({
    type: 'policy.refused',
    organizationId: who.organizationId,
    cause: [who.callId, code],
    data: {
      code,
      principal_id: who.principalId,
      key_id: who.keyId,
      from_scope: source.level,
      from_id: source.id,
    },
    atMs: who.atMs,
  })
  dependencies.governed.alerts.note(event)
}
