import type { CallRecord } from '../call/types.ts'
import { LIMITS } from '../lib/limits.ts'
import type { Refund } from '../settlement/types.ts'
import { selectCalls } from './call-records.ts'
import type { Database } from './database.ts'
import { REFUNDS } from './hold-refund.ts'
import { refundOf } from './settlement-rows.ts'

/** What a payer may read of itself, newest first; `after` is the id of the last row seen. */
export function openPayerQueries({ database }: { database: Database }) {
  return {
    listCalls: ({
      payerId,
      limit,
      after,
    }: {
      readonly payerId: string
      readonly limit: number
      readonly after?: string
    }): Promise<readonly CallRecord[]> =>
      selectCalls({
        sql: database,
        where: `payer_id = $1
          and ($2::text is null or (at_ms, call_id) < (select at_ms, call_id from admissions where call_id = $2))
          order by at_ms desc, call_id desc limit $3`,
        values: [payerId, after ?? null, limit],
      }),
    listWithdrawals: async ({ payer }: { readonly payer: string }): Promise<readonly Refund[]> => {
      const rows = await database.query(
        `${REFUNDS} where r.payer = $1 and r.kind = 'credit' order by r.at_ms desc, r.id desc limit $2`,
        [payer, LIMITS.listEntries],
      )
      return rows.map(refundOf)
    },
  }
}
