import type { Constraint, Scope } from '../governance/budgets/admit.ts'
import type { ExceedRule } from '../governance/budgets/exceed-rule.ts'
import type { Budget } from '../governance/budgets/types.ts'
import type { TurnpikeError } from '../lib/errors/turnpike-error.ts'

/**
 * A budget in its window as the caller of the store knows it. Where the budget was changed since, by its version, the limit that the
 * store has counts.
 */
export type BudgetTerms = Omit<Scope, 'spent' | 'held'> & {
  readonly organizationId: string | null
  readonly version: number
  readonly thresholdsPercent: readonly number[]
  /** Rolling windows: from where slots count. What is held is counted in the slot that `windowId` names. */
  readonly rollingFromMs?: number
  /** Of a run only: the call means to be the first that names this limit. */
  readonly opens?: true
}

/** Every budget that a call counts for, and what is done where one has no room. */
export type CallBudgets = {
  readonly budgets: readonly Budget[]
  readonly rule: ExceedRule
  /** The refusal as this caller may see it. */
  readonly refusal: (refused: {
    readonly binding: Constraint
    readonly also: readonly Constraint[]
    readonly waitedMs: number
  }) => TurnpikeError
}

/** How budgets stand, for whoever wants to know before it asks for a hold: a plan that is clamped, a deposit not made in vain. */
export type BudgetStore = {
  /** Lowers open windows to the limits given, where theirs are higher: at once, whatever becomes of the call that asks for it. */
  readonly lower: (budgets: readonly BudgetTerms[]) => Promise<void>
  /** Each in its window, in the order asked; what nobody has spent from stands at nothing. What comes back may be old at once: only a hold is sure. */
  readonly listScopes: (budgets: readonly BudgetTerms[]) => Promise<readonly Scope[]>
}
