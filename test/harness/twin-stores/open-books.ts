import { openAccountIds } from '../../../src/storage/books/account-ids.ts'
import { openBalanceStore } from '../../../src/storage/books/balance-store.ts'
import { openCallStore } from '../../../src/storage/calls/call-store.ts'
import type { Database } from '../../../src/storage/database/database.ts'
import { openDueStore } from '../../../src/storage/settling/due-store.ts'
import { extendHistory } from '../../../src/storage/history/extend-history.ts'
import { registerInstance } from '../../../src/storage/calls/instances.ts'
import { checkInvariants } from '../../../src/storage/invariants/check-invariants.ts'
import { openLaneStore } from '../../../src/storage/settling/lane-store.ts'
import { openOpenCalls } from '../../../src/storage/calls/open-calls.ts'
import { openSettlementStore } from '../../../src/storage/settling/settlement-store.ts'
import type { Twin } from './draw-operations.ts'

const LONG_AFTER_MS = 30 * 86_400_000

/** The stores of the product over a database that is open already; loaded once per mutant. */
export async function openBooks({
  database,
  nowMs,
}: {
  database: Database
  nowMs: () => number
}): Promise<Twin & { readonly brokenInvariants: () => Promise<readonly string[]> }> {
  await registerInstance({ sql: database, id: 'one', region: 'local', nowMs: nowMs() })
  return {
    calls: openCallStore({
      database,
      accountIds: openAccountIds({ sql: database }),
      openCalls: openOpenCalls(),
      instance: 'one',
    }),
    settlement: openSettlementStore({ database, nowMs }),
    due: openDueStore({ database }),
    balances: openBalanceStore({ database }),
    lanes: openLaneStore({ database }),
    brokenInvariants: async () => {
      // Long after: all that has happened is history by now.
      await extendHistory({ database, nowMs: nowMs() + LONG_AFTER_MS })
      return (await checkInvariants({ sql: database, nowMs: nowMs() }))
        .filter(({ ok }) => !ok)
        .map(({ name }) => name)
    },
  }
}
