import type { Scope } from '../../governance/budgets/admit.ts'
import type { BudgetStore } from '../budget-ports.ts'
import type { GovernedCaller } from '../rules-ports.ts'
import { mayReadBudget } from './call-budgets.ts'
import { dueBudgets } from './terms.ts'

/** A limit that binds a caller, as it stands, and whether the caller may see its amounts. */
export type OwnLimit = { readonly scope: Scope; readonly mayRead: boolean }

/** Everything that limits a caller's spending now, widest first. It may be old at once: only a hold is sure. */
export async function limitsOf({
  caller,
  store,
  atMs,
}: {
  caller: GovernedCaller
  store: BudgetStore
  atMs: number
}): Promise<readonly OwnLimit[]> {
  const { terms, single } = dueBudgets({
    budgets: caller.rules.budgets,
    attribution: caller.attribution,
    atMs,
  })
  const counted = terms.length === 0 ? [] : await store.listScopes(terms)
  return [...counted, ...single].map((scope) => ({ scope, mayRead: mayReadBudget(caller, scope) }))
}
