import { newEvent } from '../../governance/alerts/coalesce.ts'
import type { Effect } from '../../settlement/types.ts'
import type { Row, Sql } from '../database/database.ts'
import { insertEvents } from '../insert-events.ts'
import { big, text } from '../database/row.ts'

/** What has an end of its own. A funding that fails is its payer's affair, who is told; what is signed again has not failed. */
const FAILED = {
  settlement: `
    select s.network, a.asset, c.charge as amount, s.error, t.hash from settlements s join admissions a on a.call_id = s.call_id
      join captures c on c.call_id = s.call_id left join transactions t on t.id = s.transaction_id
    where s.call_id = $1 and s.state = 'failed'`,
  refund: `
    select r.network, r.asset, r.amount, r.error, t.hash from refunds r left join transactions t on t.id = r.transaction_id
    where r.id = $1 and r.state = 'failed'`,
} as const

const CODE = /^[\w.:-]{1,64}$/

/** Reasons come from contracts as well, and an alert repeats no foreign words. */
const codeOf = (error: unknown) => (typeof error === 'string' && CODE.test(error) ? error : 'refused')

const eventOf = ({ id, row, atMs }: { id: string; row: Row; atMs: number }) =>
  newEvent({
    type: 'settlement.failed',
    organizationId: null,
    cause: [id],
    data: {
      settlement_id: id,
      network: text(row['network']),
      asset: text(row['asset']),
      amount: big(row['amount']).toString(),
      reason_code: codeOf(row['error']),
      transaction: row['hash'] === null ? null : text(row['hash']),
    },
    atMs,
  })

/** Tells the operator of settlements and refunds that have failed for good, inside the commit in which they do. */
export async function alertFailures({
  sql,
  effects,
  nowMs,
}: {
  sql: Sql
  effects: readonly Effect[]
  nowMs: number
}): Promise<void> {
  for (const effect of effects) {
    if ((effect.kind !== 'settlement' && effect.kind !== 'refund') || effect.state !== 'failed') continue
    const id = effect.kind === 'settlement' ? effect.callId : effect.id
    const rows = await sql.query(FAILED[effect.kind], [id])
    await insertEvents({ sql, events: rows.map((row) => eventOf({ id, row, atMs: nowMs })) })
  }
}
