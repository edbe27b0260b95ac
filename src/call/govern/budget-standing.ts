import type { Scope } from '../../governance/budgets/admit.ts'
import { limitAt } from '../../governance/budgets/applicable-budgets.ts'
import type { Budget } from '../../governance/budgets/types.ts'
import { windowOf } from '../../governance/budgets/window-of.ts'
import type { BudgetTerms } from '../budget-ports.ts'
import type { Desk } from './desk.ts'

const termsOf = (budget: Budget, atMs: number): BudgetTerms => {
  const window = windowOf({ budget, atMs })
  return {
    budgetId: budget.id,
    level: budget.place.level,
    levelId: budget.place.id,
    metric: budget.metric,
    mode: budget.mode,
    windowId: window.id,
    resetsAtMs: window.resetsAtMs,
    limit: limitAt({ budget, atMs }),
    organizationId: budget.organizationId,
    version: budget.version,
    thresholdsPercent: budget.thresholdsPercent,
    ...(typeof budget.window === 'object' ? { rollingFromMs: window.fromMs } : {}),
  }
}

/** One counter has one standing; budgets that apply to each have many, and those of one call alone none. */
const hasStanding = ({ applies, window }: Budget) => applies === 'shared' && window !== 'request'

/** How budgets stand in their present windows, by their ids. */
export async function budgetStanding(
  { dependencies, nowMs }: Pick<Desk, 'dependencies' | 'nowMs'>,
  budgets: readonly Budget[],
): Promise<ReadonlyMap<string, Scope>> {
  const counted = budgets.filter(hasStanding)
  if (counted.length === 0) return new Map()
  const scopes = await dependencies.budgets.listScopes(counted.map((budget) => termsOf(budget, nowMs)))
  return new Map(scopes.map((scope) => [scope.budgetId, scope]))
}
