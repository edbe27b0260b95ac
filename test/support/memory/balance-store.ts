import { tokenLedger } from '../../../src/ledger/accounts.ts'
import type { BalanceStore } from '../../../src/settlement/ports.ts'
import { OPEN_STATES } from './open-states.ts'
import { accountKey, availableIn } from './balances.ts'
import type { Tables } from './tables.ts'

/** Sums of the ledger, in memory. */
export function openMemoryBalanceStore({ tables }: { tables: Tables }): BalanceStore {
  return {
    getBalance: async ({ ledger, account }) => tables.sums.get(accountKey(ledger, account)) ?? 0n,
    getAvailable: async ({ ledger, account }) => {
      const row = tables.balances.get(accountKey(ledger, account))
      return row ? availableIn(row) : 0n
    },
    getOwedCredit: async ({ network, asset }) => {
      const ledger = tokenLedger({ network, asset })
      let owed = 0n
      for (const row of tables.balances.values())
        if (row.kind === 'credit' && row.ledger === ledger) owed += row.creditsPosted - row.debitsPosted
      for (const { purpose, state } of tables.transactions.values())
        if (purpose.kind === 'sweep' && purpose.asset === asset && OPEN_STATES.has(state))
          owed += BigInt(purpose.amount)
      return owed
    },
  }
}
