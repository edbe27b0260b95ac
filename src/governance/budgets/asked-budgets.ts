import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { PicoUsd } from '../../lib/money.ts'
import type { Attribution, Place } from '../hierarchy/attribution.ts'
import type { Authority } from '../roles/may-do.ts'
import { type Budget, BUDGET_DEFAULTS } from './types.ts'

/** What a request says about budgets of its own: `budget` in its body, or the headers that say the same. */
export type AskedBudgets = {
  /** `budget.max_cost`: this call alone. */
  readonly maxCostPicoUsd?: PicoUsd
  readonly runMaxCostPicoUsd?: PicoUsd
  readonly runMaxRequests?: bigint
}

/** Runs are the caller's own. */
const OWN: Authority = { unitPath: [], reach: 'own' }

/**
 * The limit of a run after a request that names one: the first opens it, later ones may lower it, and only who holds `runs:write` raises it:
 * a sub-agent that was given a run must not give itself more.
 *
 * @throws TurnpikeError `permission_denied`.
 */
export function runLimit({
  current,
  asked,
  mayRaise,
}: {
  current?: bigint | undefined
  asked?: bigint | undefined
  mayRaise: boolean
}): bigint | undefined {
  if (current === undefined || asked === undefined) return asked ?? current
  if (asked <= current || mayRaise) return asked
  throw new TurnpikeError('permission_denied', {
    message: 'A run that is open can be lowered, and raised only with the permission runs:write.',
    next: 'Send the limit with which the run was opened, or none; or open another run.',
    extra: { metadata: { permission: 'runs:write' } },
  })
}

const own = (place: Place, id: string, changes: Pick<Budget, 'metric' | 'window' | 'limit'>): Budget => ({
  ...BUDGET_DEFAULTS,
  id,
  organizationId: null,
  place,
  setBy: OWN,
  version: 1,
  ...changes,
})

/**
 * The budgets that a request brings along, to stand beside those that are stored: a cap of this call at the narrowest place, and what its
 * run may take in all. Their ids follow from the run, so that the sums of its earlier calls are found again.
 *
 * @param asked limits of the run as {@link runLimit} gives them.
 */
export function askedBudgets({
  asked: { maxCostPicoUsd, runMaxCostPicoUsd, runMaxRequests },
  attribution,
}: {
  asked: AskedBudgets
  attribution: Attribution
}): readonly Budget[] {
  const narrowest = attribution.at(-1)
  const run = attribution.find(({ level }) => level === 'run')
  return [
    ...(maxCostPicoUsd !== undefined && narrowest
      ? [own(narrowest, 'max_cost', { metric: 'usd', window: 'request', limit: maxCostPicoUsd })]
      : []),
    ...(runMaxCostPicoUsd !== undefined && run
      ? [own(run, `run:${run.id}:usd`, { metric: 'usd', window: 'total', limit: runMaxCostPicoUsd })]
      : []),
    ...(runMaxRequests !== undefined && run
      ? [own(run, `run:${run.id}:requests`, { metric: 'requests', window: 'total', limit: runMaxRequests })]
      : []),
  ]
}
