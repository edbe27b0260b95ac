import type { AdmitOutcome } from '../../call/types.ts'
import { admit, type Constraint, type Scope as BudgetScope } from '../../governance/budgets/admit.ts'
import { NOTHING } from '../../governance/budgets/hold.ts'
import type { Amounts } from '../../governance/budgets/types.ts'
import { budgetScopeOf } from '../budget-rows.ts'
import type { Row } from '../database/database.ts'
import type { Scope } from '../hot/scoped-admission.ts'
import type { OtherSlots } from './rolling-windows.ts'

type Verdict = Extract<AdmitOutcome, { kind: 'admitted' | 'over_budget' }>

const MEMBER = { usd: 'chargePicoUsd', tokens: 'tokens', requests: 'requests' } as const

/**
 * What governance's own rule says of a call's budgets, as their rows are: the exact path asks it under the lock, and the group statement
 * says the same in SQL.
 */
export function judgeBudgets({
  scopes,
  rows,
  others = [],
}: {
  scopes: readonly Scope[]
  rows: ReadonlyMap<bigint, Row>
  /** In the order of the scopes. */
  others?: readonly OtherSlots[]
}): Verdict {
  const budgets: BudgetScope[] = []
  let amounts: Amounts = NOTHING
  for (const [index, { accountId, amount, budget: terms }] of scopes.entries()) {
    if (!terms) continue
    budgets.push(budgetScopeOf({ terms, row: rows.get(accountId), others: others[index] }))
    amounts = { ...amounts, [MEMBER[terms.metric]]: amount }
  }
  if (budgets.length === 0) return { kind: 'admitted' }
  const verdict = admit({ scopes: budgets, amounts })
  if (verdict.kind !== 'admitted') return { kind: 'over_budget', scopes: budgets }
  if (verdict.exceeded.length === 0) return { kind: 'admitted' }
  const isExceeded = ({ budgetId, levelId, windowId }: BudgetScope) =>
    verdict.exceeded.some(
      (one: Constraint) => one.budgetId === budgetId && one.levelId === levelId && one.windowId === windowId,
    )
  return { kind: 'admitted', exceeded: budgets.filter(isExceeded) }
}
