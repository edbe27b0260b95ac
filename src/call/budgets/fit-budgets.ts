import type { Constraint, Scope } from '../../governance/budgets/admit.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { PicoUsd } from '../../lib/money.ts'
import { alertOverBudget } from '../alerts/refusal-alerts.ts'
import type { CallDependencies } from '../dependencies.ts'
import type { PlannedCall } from '../types.ts'
import { makeRoom } from './make-room.ts'
import { dueBudgets } from './terms.ts'

type Fitting = {
  readonly planned: PlannedCall
  readonly feePicoUsd: PicoUsd
  readonly dependencies: CallDependencies
}

/** The form of a call that fits now, or that may fit once others have ended. @throws TurnpikeError `budget_exceeded` */
async function fitting({ scopes, ...asked }: Fitting & { scopes: readonly Scope[] }): Promise<PlannedCall> {
  const { planned } = asked
  if (scopes.length === 0 || !planned.budgets) return planned
  const step = await makeRoom({ ...asked, scopes, mayWait: true })
  if (step.kind === 'refuse') throw refuseOver({ ...asked, ...step })
  return step.kind === 'try' ? step.planned : planned
}

/** The refusal as its caller may see it; whoever set the budget is told. */
export function refuseOver({
  planned,
  binding,
  also,
  waitedMs = 0,
  dependencies,
}: Pick<Fitting, 'planned' | 'dependencies'> & {
  binding: Constraint
  also: readonly Constraint[]
  waitedMs?: number
}): TurnpikeError {
  alertOverBudget({ call: planned, constraint: binding, dependencies })
  return planned.budgets?.refusal({ binding, also, waitedMs }) ?? new TurnpikeError('internal_error')
}

/** A call within the limits that are set for each call by itself. @throws TurnpikeError `budget_exceeded` */
export async function fitSingle(asked: Fitting): Promise<PlannedCall> {
  const { caller, budgets } = asked.planned
  if (!caller || !budgets) return asked.planned
  const atMs = asked.dependencies.clock.nowMs()
  const { single } = dueBudgets({ budgets: budgets.budgets, attribution: caller.attribution, atMs })
  return fitting({ ...asked, scopes: single })
}

/**
 * A call as its budgets stand at this moment, before it is priced or money is brought on chain for it: nobody is asked to pay for what a
 * budget refuses, and the price is that of the form which fits. Only the hold makes it sure.
 *
 * @throws TurnpikeError `budget_exceeded`.
 */
export async function fitBudgets(asked: Fitting): Promise<PlannedCall> {
  const { caller, budgets } = asked.planned
  if (!caller || !budgets) return asked.planned
  const planned = await fitSingle(asked)
  const atMs = asked.dependencies.clock.nowMs()
  const { terms } = dueBudgets({ budgets: budgets.budgets, attribution: caller.attribution, atMs })
  if (terms.length === 0) return planned
  const scopes = await asked.dependencies.governed.budgets.listScopes(terms)
  const fitted = await fitting({ ...asked, planned, scopes })
  const run = scopes.findLast(({ level, metric }) => level === 'run' && metric === 'usd')
  return run ? { ...fitted, run } : fitted
}
