import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import { formatUsd, type PicoUsd } from '../../lib/money.ts'
import { amountOf } from '../../governance/budgets/types.ts'
import { alertOverBudget } from '../alerts/refusal-alerts.ts'
import { admitDurably } from './admit-durably.ts'
import type { CallDependencies } from '../dependencies.ts'
import type { Admission, AdmitOutcome, PlannedCall } from '../types.ts'
import { amountsOf } from '../budgets/amounts.ts'
import { fitSingle, refuseOver } from '../budgets/fit-budgets.ts'
import { makeRoom } from '../budgets/make-room.ts'
import { createPatience } from '../budgets/patience.ts'
import { countersIn, countersOf } from '../budgets/terms.ts'

/** A call in the form in which it was let in, its row, and what the store says. */
export type Within = {
  readonly planned: PlannedCall
  readonly admission: Admission
  readonly outcome: Exclude<AdmitOutcome, { readonly kind: 'over_budget' | 'opened_otherwise' }>
}

type Asked = {
  readonly planned: PlannedCall
  readonly feePicoUsd: PicoUsd
  /** The row of a form of the call, with its holds. */
  readonly admissionFor: (planned: PlannedCall) => Admission
  readonly dependencies: CallDependencies
}

/** Room that is taken between two looks at it again and again: many calls for little. */
const crowded = () => new TurnpikeError('budget_crowded', { retryAfterMs: 1_000 })

/** Its limit is the caller's own to see: runs are. */
const openedOtherwise = ({ terms: { metric }, limit }: Extract<AdmitOutcome, { kind: 'opened_otherwise' }>) =>
  new TurnpikeError('run_opened_otherwise', {
    extra: {
      metadata: { metric, limit: metric === 'usd' ? formatUsd(limit) : limit.toString() },
    },
  })

/** Soft and observed budgets let the call through: whoever set them is told, and of soft ones the caller as well. */
function ended(
  within: Within,
  { feePicoUsd, dependencies }: Pick<Asked, 'feePicoUsd' | 'dependencies'>,
): Within {
  const { planned, outcome } = within
  const exceeded = outcome.kind === 'admitted' ? (outcome.exceeded ?? []) : []
  if (exceeded.length === 0) return within
  const amounts = amountsOf({ planned, feePicoUsd })
  for (const scope of exceeded) {
    const needed = amountOf({ amounts, metric: scope.metric })
    alertOverBudget({ call: planned, constraint: { ...scope, needed }, dependencies })
  }
  return { ...within, planned: { ...planned, exceeded: exceeded.filter(({ mode }) => mode === 'soft') } }
}

/** The usual call: it counts for nothing but its payer's money. */
async function admitOnce({ planned, admissionFor, dependencies }: Asked): Promise<Within> {
  const admission = admissionFor(planned)
  const outcome = await admitDurably({ admission, dependencies })
  if (outcome.kind === 'over_budget' || outcome.kind === 'opened_otherwise')
    throw new TurnpikeError('internal_error')
  return { planned, admission, outcome }
}

/**
 * W1 over the payer's money and every budget of the call, all or none. Where a budget has no room, what caller and policy allow is done in
 * their order: a shorter answer, a cheaper model, or waiting for calls under way, first come, first served; then the call is refused. A
 * refusal holds nothing and has charged nothing.
 *
 * @throws TurnpikeError `budget_exceeded`, naming the narrowest budget that stands in the way; `run_opened_otherwise`.
 */
export async function admitWithin({ admissionFor, ...asked }: Asked): Promise<Within> {
  const { dependencies, feePicoUsd } = asked
  if (!asked.planned.budgets) return admitOnce({ ...asked, admissionFor })
  let planned = await fitSingle(asked)
  const patience = createPatience({ planned, dependencies })
  try {
    await patience.behindOthers(countersOf(admissionFor(planned)))
    for (let tries = 0; tries < LIMITS.budgetTries; tries += 1) {
      const admission = admissionFor(planned)
      const outcome = await admitDurably({ admission, dependencies })
      if (outcome.kind === 'opened_otherwise') throw openedOtherwise(outcome)
      if (outcome.kind !== 'over_budget') return ended({ planned, admission, outcome }, asked)
      const { scopes } = outcome
      const step = await makeRoom({ planned, feePicoUsd, scopes, mayWait: patience.isLeft(), dependencies })
      if (step.kind === 'refuse')
        throw refuseOver({ planned, ...step, waitedMs: patience.waitedMs(), dependencies })
      if (step.kind === 'try') planned = step.planned
      else if (!(await patience.wait(countersIn(step.blockedBy)))) throw crowded()
      // Who waits has a time, and need not count.
      if (step.kind === 'wait') tries -= 1
    }
    throw crowded()
  } finally {
    patience.end()
  }
}
