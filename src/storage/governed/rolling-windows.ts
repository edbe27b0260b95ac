import type { BudgetTerms } from '../../call/budget-ports.ts'
import type { Row, Sql } from '../database/database.ts'
import type { Scope } from '../hot/scoped-admission.ts'
import { big } from '../database/row.ts'

/**
 * A rolling window is counted in slots, each an account of its own, and its limit is on all of them together. Of one counter's slots at most
 * one has room at a time: who wants to hold in another takes, under a lock, the room that all of them leave, and closes the others. So the
 * group statement needs to look at one slot only, and clocks that differ between instances cost a step, never the limit.
 */

/** What the other slots of a counter have spent and hold. */
export type OtherSlots = { readonly ids: readonly bigint[]; readonly spent: bigint; readonly held: bigint }

const NO_OTHERS: OtherSlots = { ids: [], spent: 0n, held: 0n }

const isRolling = (terms: BudgetTerms | undefined): terms is BudgetTerms & { rollingFromMs: number } =>
  terms?.rollingFromMs !== undefined

/** Slots of a counter that count at the moment, but for the one asked about. Those of a faster clock count as well. */
const SIBLINGS = `
  select b.* from budget_windows w join balances b on b.account_id = w.account_id
  where w.budget_id = $1 and w.level_id = $2 and w.window_id <> $3 and w.metric = $5
    and case when split_part(w.window_id, ':', 1) = split_part($3, ':', 1)
      then split_part(w.window_id, ':', 2)::bigint >= $4 else false end
  order by b.account_id`

const sumOf = (rows: readonly Row[], read: (row: Row) => bigint) =>
  rows.reduce((sum, row) => sum + read(row), 0n)

async function othersOf({ sql, terms }: { sql: Sql; terms: BudgetTerms }): Promise<OtherSlots> {
  if (!isRolling(terms)) return NO_OTHERS
  const { budgetId, levelId, windowId, rollingFromMs, metric } = terms
  const rows = await sql.query(SIBLINGS, [budgetId, levelId, windowId, rollingFromMs, metric])
  return {
    ids: rows.map((row) => big(row['account_id'])),
    spent: sumOf(rows, (row) => big(row['debits_posted'])),
    held: sumOf(rows, (row) => big(row['debits_pending'])),
  }
}

/** What the other slots of each budget have, in the order asked; nothing where a budget's window does not roll. */
export async function siblingSums({
  sql,
  budgets,
}: {
  sql: Sql
  budgets: readonly (BudgetTerms | undefined)[]
}): Promise<readonly OtherSlots[]> {
  const sums: OtherSlots[] = []
  for (const terms of budgets) sums.push(terms ? await othersOf({ sql, terms }) : NO_OTHERS)
  return sums
}

/**
 * Locks the counters of rolling budgets, before any row: whoever opens another slot at this moment waits, and sees this call's hold. The
 * group statement takes no such lock, only rows, so nobody waits in a circle.
 */
export async function lockCounters({ sql, scopes }: { sql: Sql; scopes: readonly Scope[] }): Promise<void> {
  const names = scopes.flatMap(({ budget }) =>
    isRolling(budget) ? [`${budget.metric} ${budget.budgetId} ${budget.levelId}`] : [],
  )
  for (const name of names.toSorted())
    await sql.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [name])
}

/** The ids of all slots that have to be locked with the call's own, in one order for everybody. */
export async function siblingIds({
  sql,
  scopes,
}: {
  sql: Sql
  scopes: readonly Scope[]
}): Promise<readonly bigint[]> {
  const sums = await siblingSums({ sql, budgets: scopes.map(({ budget }) => budget) })
  return sums.flatMap(({ ids }) => ids)
}

/** Gives the call's slots all room that is left, and closes the others, after a hold was added. */
export async function moveRoom({ sql, scopes }: { sql: Sql; scopes: readonly Scope[] }): Promise<void> {
  for (const { accountId, budget } of scopes) {
    if (!isRolling(budget)) continue
    const { ids, spent, held } = await othersOf({ sql, terms: budget })
    await sql.query(
      'update balances set credit_limit = debits_posted + debits_pending where account_id = any($1::bigint[])',
      [ids.map(String)],
    )
    await sql.query('update balances set credit_limit = $2 where account_id = $1', [
      accountId.toString(),
      (budget.limit - spent - held).toString(),
    ])
  }
}
