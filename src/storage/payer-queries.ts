import type { CallRecord } from '../call/types.ts'
import { LIMITS } from '../lib/limits.ts'
import type { Refund } from '../settlement/types.ts'
import { selectCalls } from './calls/call-records.ts'
import type { Database } from './database/database.ts'
import { big, integer, text } from './database/row.ts'
import { REFUNDS } from './settling/hold-refund.ts'
import { refundOf } from './settling/settlement-rows.ts'

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
    /** Of calls that have ended: by day in UTC and by model. */
    listUsage: async ({
      payerId,
      principalId,
      sinceMs,
    }: {
      readonly payerId: string
      readonly principalId?: string
      readonly sinceMs: number
    }) => {
      const rows = await database.query(
        `select to_char(to_timestamp(a.at_ms / 1000.0) at time zone 'UTC', 'YYYY-MM-DD') as day, a.model, count(*) as calls,
           sum(c.input_uncached + c.cache_read + c.cache_write + c.cache_write_hour) as input_tokens,
           sum(c.output_text + c.reasoning) as output_tokens, sum(c.charge_pico_usd)::text as charge
         from admissions a join captures c on c.call_id = a.call_id
         where a.payer_id = $1 and a.at_ms >= $2 and ($3::text is null or a.principal_id = $3)
         group by 1, 2 order by 1 desc, charge desc, 2 limit $4`,
        [payerId, sinceMs, principalId ?? null, LIMITS.usageRows],
      )
      return rows.map((row) => ({
        day: text<string>(row['day']),
        modelId: text<string>(row['model']),
        calls: integer(row['calls']),
        inputTokens: integer(row['input_tokens']),
        outputTokens: integer(row['output_tokens']),
        chargePicoUsd: big(row['charge']),
      }))
    },
    listWithdrawals: async ({ payer }: { readonly payer: string }): Promise<readonly Refund[]> => {
      const rows = await database.query(
        `${REFUNDS} where r.payer = $1 and r.kind = 'credit' order by r.at_ms desc, r.id desc limit $2`,
        [payer, LIMITS.listEntries],
      )
      return rows.map(refundOf)
    },
  }
}
