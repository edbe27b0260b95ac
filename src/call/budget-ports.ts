import type { Scope } from '../governance/budgets/admit.ts'
import type { BudgetTerms } from './types.ts'

/** How budgets stand, for whoever wants to know before it asks for a hold: a plan that is clamped, a deposit not made in vain. */
export type BudgetStore = {
  /** Each in its window, in the order asked; what nobody has spent from stands at nothing. What comes back may be old at once: only a hold is sure. */
  readonly listScopes: (budgets: readonly BudgetTerms[]) => Promise<readonly Scope[]>
}
