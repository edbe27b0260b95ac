import type { BudgetTerms } from '../../call/budget-ports.ts'
import { type AccountKey, ensureAccount } from '../books/account-ids.ts'
import type { Sql } from '../database/database.ts'
import { integerSet } from '../database/integer-set.ts'

/**
 * Makes the account of a budget's window, with the budget's limit, inside the caller's transaction. Where it is there already nothing
 * changes: its limit comes with the calls.
 */
export async function openBudgetWindow({
  sql,
  ledger,
  account,
  terms,
  atMs,
  openedBy = null,
}: AccountKey & { sql: Sql; terms: BudgetTerms; atMs: number; openedBy?: string | null }): Promise<bigint> {
  const id = await ensureAccount({ sql, ledger, account })
  const { organizationId, budgetId, level, levelId, metric, windowId, resetsAtMs } = terms
  const opened = await sql.query(
    `insert into budget_windows (account_id, organization_id, budget_id, level, level_id, metric, window_id, resets_at_ms, opened_at_ms, opened_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing returning 1`,
    [id.toString(), organizationId, budgetId, level, levelId, metric, windowId, resetsAtMs, atMs, openedBy],
  )
  if (opened.length === 0) return id
  // A slot of a rolling window opens without room, and tells of no thresholds: they are of all slots together.
  const isRolling = terms.rollingFromMs !== undefined
  await sql.query(
    `update balances set credit_limit = $2, thresholds = $3::integer[], told = '{}', terms_version = $4 where account_id = $1`,
    [
      id.toString(),
      isRolling ? '0' : terms.limit.toString(),
      isRolling ? null : integerSet(terms.thresholdsPercent),
      Math.max(1, terms.version),
    ],
  )
  return id
}
