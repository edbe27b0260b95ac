import type { Budget } from '../../../src/governance/budgets/types.ts'
import { BUDGET_DEFAULTS } from '../../../src/governance/budgets/types.ts'
import type { Organization, Principal, Unit } from '../../../src/governance/hierarchy/types.ts'
import { rootUnit } from '../../../src/governance/hierarchy/types.ts'
import { TurnpikeError } from '../../../src/lib/errors/turnpike-error.ts'

/** Acme with two departments and three teams. */
export const ACME: Organization = {
  id: 'acme',
  name: 'Acme',
  levelNames: ['organization', 'department', 'team'],
  timeZone: 'UTC',
  version: 1,
}

const unit = (id: string, above: readonly string[]): Unit => ({
  id,
  organizationId: 'acme',
  name: id,
  path: [...above, id],
  version: 1,
})

export const UNITS: ReadonlyMap<string, Unit> = new Map(
  [
    rootUnit({ organization: ACME }),
    unit('sales', ['acme']),
    unit('emea', ['acme', 'sales']),
    unit('apac', ['acme', 'sales']),
    unit('research', ['acme']),
    unit('lab', ['acme', 'research']),
  ].map((one) => [one.id, one]),
)

export function unitNamed(id: string): Unit {
  const found = UNITS.get(id)
  if (!found) throw new Error(`no unit ${id}`)
  return found
}

export const principalIn = (unitId: string, changes: Partial<Principal> = {}): Principal => ({
  id: 'ann',
  organizationId: 'acme',
  unitId,
  kind: 'user',
  name: 'Ann',
  version: 1,
  ...changes,
})

export const budgetOf = (changes: Partial<Budget> = {}): Budget => ({
  ...BUDGET_DEFAULTS,
  id: 'b1',
  organizationId: 'acme',
  place: { level: 'organization', id: 'acme' },
  limit: 1_000n,
  setBy: { unitPath: ['acme'], reach: 'subtree' },
  version: 1,
  ...changes,
})

/** The error that a step throws, for a look at its code and what it tells. */
export function errorOf(step: () => unknown): TurnpikeError {
  try {
    step()
  } catch (error) {
    if (error instanceof TurnpikeError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}
