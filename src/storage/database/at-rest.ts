import type { AccountAtRest } from '../../settlement/types.ts'
import type { Sql } from './database.ts'
import { big } from './row.ts'

/**
 * Whether an account has just so much, and nothing of it is held or being claimed. Its row stays locked until the commit, so that
 * it is still so when the commit's entries move it.
 */
export async function isAtRest({ sql, account }: { sql: Sql; account: AccountAtRest }): Promise<boolean> {
  const [row] = await sql.query(
    `select b.credits_posted - b.debits_posted as available, b.debits_pending, exists (
       select 1 from channels c join claims x on x.channel_id = c.id join transactions t on t.id = x.transaction_id
       where c.account_id = b.account_id and t.state in ('signed', 'seen', 'reverted')) as is_being_claimed
     from balances b where b.account_id = (select id from accounts where ledger = $1 and path = $2) for update of b`,
    [account.ledger, account.account],
  )
  if (!row) return account.availableAtomic === 0n
  if (big(row['debits_pending']) > 0n || row['is_being_claimed'] === true) return false
  return big(row['available']) === account.availableAtomic
}
