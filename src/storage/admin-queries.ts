import type { CallRecord } from '../call/types.ts'
import { LIMITS } from '../lib/limits.ts'
import type { TransactionRow } from '../settlement/types.ts'
import { selectCalls } from './calls/call-records.ts'
import type { Database } from './database/database.ts'
import { TRANSACTIONS, transactionOf } from './settling/settlement-rows.ts'

type Page = { readonly limit: number; readonly after?: string }

const pageSize = ({ limit }: Page) => Math.min(Math.max(1, limit), LIMITS.listEntries)

/** Lists for operators, newest first; `after` is the id of the last row seen. */
export function openAdminQueries({ database }: { database: Database }) {
  return {
    listCalls: (page: Page & { readonly payerId?: string }): Promise<readonly CallRecord[]> =>
      selectCalls({
        sql: database,
        where: `($1::text is null or payer_id = $1)
          and ($2::text is null or (at_ms, call_id) < (select at_ms, call_id from admissions where call_id = $2))
          order by at_ms desc, call_id desc limit $3`,
        values: [page.payerId ?? null, page.after ?? null, pageSize(page)],
      }),
    listTransactions: async (page: Page): Promise<readonly TransactionRow[]> => {
      const rows = await database.query(
        `${TRANSACTIONS}
         where $1::text is null or (signed_at_ms, id) < (select signed_at_ms, id from transactions where id = $1)
         order by signed_at_ms desc, id desc limit $2`,
        [page.after ?? null, pageSize(page)],
      )
      return rows.map(transactionOf)
    },
  }
}
