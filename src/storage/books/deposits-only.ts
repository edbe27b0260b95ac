import { ACCOUNTS } from '../../ledger/accounts.ts'
import type { SettlementState } from '../../settlement/types.ts'
import type { Sql } from '../database/database.ts'
import { text } from '../database/row.ts'

/**
 * Whether what has happened to an `upto` settlement speaks against its payer: it was written off, or it was good when it was
 * simulated and reverted when it was mined, which takes somebody who moves in between. A token that lies or a lane that somebody
 * else uses is not the payer's doing.
 */
export const isPayersFault = ({ state, error }: { state: SettlementState; error?: string }): boolean =>
  state === 'failed' || error === 'reverted'

/** From now on this call's payer is served from what it has paid in advance, in every ledger. */
export async function markDepositsOnly({ sql, callId }: { sql: Sql; callId: string }): Promise<void> {
  const [call] = await sql.query('select payer_id from admissions where call_id = $1', [callId])
  if (!call) return
  await lockPayer({ sql, account: ACCOUNTS.receivable(text(call['payer_id'])) })
  await sql.query(
    `update balances b set deposits_only = true
     from accounts a join admissions c on a.path = 'receivable:' || c.payer_id
     where c.call_id = $1 and b.account_id = a.id and not b.deposits_only`,
    [callId],
  )
}

/** Until the end of the transaction nobody else marks this payer, or opens an account of it. */
export async function lockPayer({ sql, account }: { sql: Sql; account: string }): Promise<void> {
  await sql.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [account])
}

/** Whether a payer's account in another ledger says so already. */
export const isMarked = (path: string) =>
  `exists (select 1 from accounts a join balances b on b.account_id = a.id where a.path = ${path} and b.deposits_only)`
