import { checkBudget } from '../../governance/budgets/check-budget.ts'
import { type Budget, BUDGET_DEFAULTS } from '../../governance/budgets/types.ts'
import type { Place } from '../../governance/hierarchy/attribution.ts'
import { PUBLIC_UNIT } from '../../governance/hierarchy/types.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { RateLimit } from '../admin-ports.ts'
import { changing, type Decision, type Desk, making } from './desk.ts'
import { notThere } from './directory.ts'
import { authorityToChange, placeAsked } from './limited-place.ts'

type Terms = Pick<
  Budget,
  'window' | 'limit' | 'mode' | 'applies' | 'timeZone' | 'thresholdsPercent' | 'overrides'
>
type Partly<Fields> = { readonly [Name in keyof Fields]?: Fields[Name] | undefined }

const said = <Fields extends object>(fields: Fields) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Fields]?: Exclude<Fields[Name], undefined>
  }

/** @throws TurnpikeError `invalid_governance_value` naming the field, `permission_denied`, `record_not_found`. */
export async function createBudget(
  desk: Desk,
  { place, ...terms }: Partly<Omit<Terms, 'limit'>> & Pick<Budget, 'place' | 'limit' | 'metric'>,
): Promise<Decision> {
  const { spot, setBy, organizationId } = await placeAsked(desk, place)
  const zone =
    organizationId === null ? undefined : (await desk.records.organizationOf(organizationId)).timeZone
  const budget: Budget = {
    ...BUDGET_DEFAULTS,
    ...(zone === undefined ? {} : { timeZone: zone }),
    ...said(terms),
    metric: terms.metric,
    limit: terms.limit,
    id: desk.newId(),
    organizationId,
    place,
    setBy,
    version: 1,
  }
  checkBudget(budget)
  return {
    organizationId: spot.organizationId,
    changes: [making('budgets', budget)],
    answer: { resource: 'budgets', id: budget.id },
  }
}

/**
 * Changes a budget for calls from its commit on; what is spent stays spent. By who has as wide a right as who set it; others lower a budget by
 * adding one.
 */
export async function changeBudget(
  desk: Desk,
  { id, version, ...terms }: Partly<Terms> & { id: string; version?: number | undefined },
): Promise<Decision> {
  const was = await desk.records.get('budgets', id)
  const setBy = await authorityToChange(desk, was)
  if (was.archivedAtMs !== undefined) throw notThere('budgets')
  const budget: Budget = { ...was, ...said(terms), setBy }
  checkBudget(budget)
  return {
    organizationId: was.organizationId ?? PUBLIC_UNIT.id,
    changes: [changing('budgets', was, budget, version)],
    answer: { resource: 'budgets', id },
  }
}

function checkRate(limit: number): void {
  if (Number.isSafeInteger(limit) && limit >= 1) return
  throw new TurnpikeError('invalid_governance_value', {
    param: 'limit',
    message: 'limit: a whole number above zero.',
  })
}

export async function createRate(
  desk: Desk,
  { place, metric, limit }: { place: Place; metric: RateLimit['metric']; limit: number },
): Promise<Decision> {
  const { spot, setBy, organizationId } = await placeAsked(desk, place)
  checkRate(limit)
  const rate: RateLimit = { id: desk.newId(), organizationId, place, metric, limit, setBy, version: 1 }
  return {
    organizationId: spot.organizationId,
    changes: [making('rates', rate)],
    answer: { resource: 'rates', id: rate.id },
  }
}

export async function changeRate(
  desk: Desk,
  { id, limit, version }: { id: string; limit: number; version?: number | undefined },
): Promise<Decision> {
  const was = await desk.records.get('rates', id)
  const setBy = await authorityToChange(desk, was)
  if (was.archivedAtMs !== undefined) throw notThere('rates')
  checkRate(limit)
  return {
    organizationId: was.organizationId ?? PUBLIC_UNIT.id,
    changes: [changing('rates', was, { ...was, limit, setBy }, version)],
    answer: { resource: 'rates', id },
  }
}
