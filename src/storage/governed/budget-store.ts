import type { BudgetStore, BudgetTerms } from '../../call/budget-ports.ts'
import { ACCOUNTS } from '../../ledger/accounts.ts'
import { budgetScopeOf } from '../budget-rows.ts'
import type { Database } from '../database/database.ts'
import { siblingSums } from './rolling-windows.ts'
import { text } from '../database/row.ts'

/** The account in which a budget's window is counted. */
const accountOf = ({ metric, ...window }: BudgetTerms) => `${metric} ${ACCOUNTS.budget(window)}`

/** Reads budgets as they stand; holds are the call store's. */
export function openBudgetStore({ database }: { database: Database }): BudgetStore {
  return {
    lower: async (budgets) => {
      await database.query(
        `update balances b set credit_limit = least(b.credit_limit, t.given)
         from unnest($1::text[], $2::text[], $3::numeric[]) as t(ledger, path, given)
         join accounts a on a.ledger = t.ledger and a.path = t.path where b.account_id = a.id`,
        [
          budgets.map(({ metric }) => metric),
          budgets.map((terms) => ACCOUNTS.budget(terms)),
          budgets.map(({ limit }) => limit.toString()),
        ],
      )
    },
    listScopes: async (budgets) => {
      const rows = await database.query(
        `select a.ledger || ' ' || a.path as account, b.* from accounts a join balances b on b.account_id = a.id
         where a.path = any($1::text[])`,
        [budgets.map((terms) => ACCOUNTS.budget(terms))],
      )
      const byAccount = new Map(rows.map((row) => [text<string>(row['account']), row]))
      const others = await siblingSums({ sql: database, budgets })
      return budgets.map((terms, index) =>
        budgetScopeOf({ terms, row: byAccount.get(accountOf(terms)), others: others[index] }),
      )
    },
  }
}
