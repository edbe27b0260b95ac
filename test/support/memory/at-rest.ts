import type { AccountAtRest } from '../../../src/settlement/types.ts'
import { accountKey, availableIn } from './balances.ts'
import { OPEN_STATES } from './open-states.ts'
import type { Tables } from './tables.ts'

/** Whether an account has just so much, and nothing of it is held or being claimed. */
export function isAtRest(tables: Tables, { ledger, account, availableAtomic }: AccountAtRest): boolean {
  const row = tables.balances.get(accountKey(ledger, account))
  if (!row) return availableAtomic === 0n
  const isBeingClaimed = [...tables.claims.values()].some(({ channelId, transactionId }) => {
    const state = tables.transactions.get(transactionId)?.state
    return account === `channel:${channelId}` && state !== undefined && OPEN_STATES.has(state)
  })
  return row.debitsPending === 0n && !isBeingClaimed && availableIn(row, 0n) === availableAtomic
}
