import type { BalanceStore } from '../../settlement/ports.ts'
import { ledgerBalance } from './append-entries.ts'
import type { Database } from '../database/database.ts'
import { big } from '../database/row.ts'

/**
 * Credit of all payers with what is held of it, plus sweeps that are under way: their amount is still in the ledger's till. A
 * refund under way is held credit, so it is counted already.
 */
const OWED_CREDIT = `
  select coalesce(sum(amount), 0) as amount from (
    select b.credits_posted - b.debits_posted as amount
    from balances b join accounts a on a.id = b.account_id where b.kind = 'credit' and a.ledger = $1 || '/' || $2
    union all
    select (purpose ->> 'amount')::numeric from transactions
    where network = $1 and state in ('signed', 'seen', 'reverted') and purpose ->> 'kind' = 'sweep' and purpose ->> 'asset' = $2
  ) owed`

/** Sums of the ledger that the settlement asks for. */
export function openBalanceStore({ database }: { database: Database }): BalanceStore {
  return {
    getBalance: ({ ledger, account }) => ledgerBalance({ sql: database, ledger, account }),
    getAvailable: async ({ ledger, account }) => {
      const [row] = await database.query(
        `select b.credit_limit + b.credits_posted - b.debits_posted - b.debits_pending as available
         from balances b join accounts a on a.id = b.account_id where a.ledger = $1 and a.path = $2`,
        [ledger, account],
      )
      return big(row?.['available'] ?? 0)
    },
    getOwedCredit: async ({ network, asset }) => {
      const [row] = await database.query(OWED_CREDIT, [network, asset])
      return big(row?.['amount'] ?? 0)
    },
  }
}
