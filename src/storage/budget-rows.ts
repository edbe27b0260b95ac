import type { BudgetTerms } from '../call/budget-ports.ts'
import type { Scope } from '../governance/budgets/admit.ts'
import type { Row } from './database/database.ts'
import { big, integer } from './database/row.ts'

/** A budget's window without its sums. */
export const scopeOfTerms = ({
  organizationId: _organization,
  version: _version,
  thresholdsPercent: _thresholds,
  rollingFromMs: _rolling,
  opens: _opens,
  ...scope
}: BudgetTerms): Omit<Scope, 'spent' | 'held'> => scope

/** A budget's window as its balance row has it. Who knows an older version of the budget has to take the row's limit. */
export function budgetScopeOf({
  terms,
  row,
  others = { spent: 0n, held: 0n },
}: {
  terms: BudgetTerms
  row: Row | undefined
  /** Of a rolling window: what its other slots have. Their rows say what room is left, not the limit. */
  others?: { readonly spent: bigint; readonly held: bigint } | undefined
}): Scope {
  const scope = scopeOfTerms(terms)
  if (!row) return { ...scope, spent: others.spent, held: others.held }
  const isOutdated =
    terms.rollingFromMs === undefined &&
    row['terms_version'] !== null &&
    terms.version < integer(row['terms_version'])
  return {
    ...scope,
    limit: isOutdated ? big(row['credit_limit']) : terms.limit,
    spent: big(row['debits_posted']) + others.spent,
    held: big(row['debits_pending']) + others.held,
  }
}
