import { LEDGER, NETWORK, USDC } from '../../../support/calls.ts'
import type { Books } from '../../../support/memory/open-memory-storage.ts'

/** The token of all these tests. */
export const money = { network: NETWORK, asset: USDC }

export const balancesOf =
  (storage: () => Books) =>
  (account: string, ledger = LEDGER) =>
    storage().balances.getBalance({ ledger, account })
