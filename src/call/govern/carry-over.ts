import type { Budget } from '../../governance/budgets/types.ts'
import { maxBigint } from '../../lib/money.ts'
import type { AdminChange } from '../admin-ports.ts'
import { budgetStanding } from './budget-standing.ts'
import { type Desk, making } from './desk.ts'

/** Later than any window. */
const FOR_EVER_MS = 8_640_000_000_000_000

/**
 * What hangs on a key, for the one that takes its place. The counters of a budget are the key's, so its copy is given what is left of the
 * present window and no more; from the next one on it has the whole.
 */
export async function carriedOver(
  desk: Desk,
  { from, to, organizationId }: { from: string; to: string; organizationId: string },
): Promise<readonly AdminChange[]> {
  const { records } = desk
  const where = { level: 'key', levelId: from }
  const place = { level: 'key', id: to } as const
  const copyOf = <Row>(row: Row): Row => ({ ...row, id: desk.newId(), place, version: 1 })
  const budgets = await records.listAll('budgets', organizationId, { where })
  const standing = await budgetStanding(desk, budgets)
  const leftOf = (budget: Budget): Budget => {
    const scope = standing.get(budget.id)
    if (!scope || scope.spent + scope.held === 0n) return budget
    const limit = maxBigint(0n, scope.limit - scope.spent - scope.held)
    const left = { limit, fromMs: 0, untilMs: scope.resetsAtMs ?? FOR_EVER_MS }
    return { ...budget, overrides: [...budget.overrides, left] }
  }
  return [
    ...(await records.listAll('policies', organizationId, { where })).map((row) =>
      making('policies', copyOf(row)),
    ),
    ...(await records.listAll('rates', organizationId, { where })).map((row) => making('rates', copyOf(row))),
    ...budgets.map((row) => making('budgets', copyOf(leftOf(row)))),
  ]
}
