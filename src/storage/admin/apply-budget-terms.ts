import { limitAt } from '../../governance/budgets/applicable-budgets.ts'
import type { Budget } from '../../governance/budgets/types.ts'
import type { Sql } from '../database/database.ts'
import { integerSet } from '../database/integer-set.ts'

/**
 * Lets a changed budget hold at once: its open windows take the new limit and thresholds in the commit of the change, and calls of instances
 * that still know the old version are judged by it. A limit below what is spent takes nothing back.
 */
export async function applyBudgetTerms({
  sql,
  budget,
  atMs,
}: {
  sql: Sql
  budget: Budget
  atMs: number
}): Promise<void> {
  const rows = await sql.query(
    `select account_id::text from balances where account_id = any(array(
       select account_id from budget_windows where budget_id = $1 and (resets_at_ms is null or resets_at_ms > $2)))
     order by account_id for update`,
    [budget.id, atMs],
  )
  if (rows.length === 0) return
  // Slots of a rolling window are closed instead: the next call finds out under the counter's lock what room is left.
  await sql.query(
    `update balances b set terms_version = $4,
       credit_limit = case when w.window_id like 'rolling-%' then b.debits_posted + b.debits_pending else $2 end,
       thresholds = case when w.window_id like 'rolling-%' then null else $3::integer[] end
     from budget_windows w where b.account_id = any($1::bigint[]) and w.account_id = b.account_id`,
    [
      rows.map((row) => String(row['account_id'])),
      limitAt({ budget, atMs }).toString(),
      integerSet(budget.thresholdsPercent),
      budget.version,
    ],
  )
}
