import type { BudgetTerms } from '../../call/budget-ports.ts'
import type { Scope as BudgetScope } from '../../governance/budgets/admit.ts'
import { scopeOfTerms } from '../budget-rows.ts'
import type { ScopedAdmission } from './scoped-admission.ts'

/** What a group of calls takes from one budget's window. */
export type BudgetTotal = {
  readonly accountId: bigint
  readonly terms: BudgetTerms
  readonly total: bigint
  /** Its calls agree on the terms. While a change is on its way they may not, and are asked one by one. */
  readonly isWhole: boolean
}

const isSame = (one: BudgetTerms, other: BudgetTerms): boolean =>
  one === other ||
  (one.limit === other.limit &&
    one.version === other.version &&
    one.mode === other.mode &&
    one.rollingFromMs === other.rollingFromMs)

/** The budgets of a group, each once: calls that come together mostly count for the same ones. */
export function budgetTotals(items: readonly ScopedAdmission[]): readonly BudgetTotal[] {
  const totals = new Map<bigint, BudgetTotal>()
  for (const { scopes } of items)
    for (const { accountId, amount, budget: terms } of scopes) {
      if (!terms) continue
      const sum = totals.get(accountId)
      totals.set(
        accountId,
        sum
          ? { ...sum, total: sum.total + amount, isWhole: sum.isWhole && isSame(sum.terms, terms) }
          : { accountId, terms, total: amount, isWhole: true },
      )
    }
  return [...totals.values()]
}

/** How a soft or observed budget stood before the group, where the group goes beyond it. */
export type StandingBudget = {
  readonly accountId: bigint
  readonly limit: bigint
  readonly spent: bigint
  readonly held: bigint
}

/** False says nothing about why. */
export type GroupAnswer = {
  readonly isAdmitted: boolean
  /** Soft and observed budgets that an admitted call goes beyond, as they stood before it; widest first, as its holds are. */
  readonly exceeded: readonly BudgetScope[]
}

const ADMITTED: GroupAnswer = { isAdmitted: true, exceeded: [] }
const NOT_ADMITTED: GroupAnswer = { isAdmitted: false, exceeded: [] }

/** The answer of each call: what the group's earlier calls took is held when a later one comes. */
export function answersOf({
  items,
  admitted,
  standing,
}: {
  items: readonly ScopedAdmission[]
  admitted: readonly boolean[]
  standing: readonly StandingBudget[]
}): readonly GroupAnswer[] {
  const budgets = new Map(standing.map((one) => [one.accountId, one]))
  return items.map(({ scopes }, index) => {
    if (!admitted[index]) return NOT_ADMITTED
    if (budgets.size === 0) return ADMITTED
    const exceeded = scopes.flatMap(({ accountId, amount, budget: terms }): readonly BudgetScope[] => {
      const budget = terms && budgets.get(accountId)
      if (!budget) return []
      const { limit, spent, held } = budget
      budgets.set(accountId, { ...budget, held: held + amount })
      const isBeyond = amount > 0n && amount > limit - spent - held
      return isBeyond ? [{ ...scopeOfTerms(terms), limit, spent, held }] : []
    })
    return { isAdmitted: true, exceeded }
  })
}
