import { ACCOUNTS, tokenLedger } from '../../../src/ledger/accounts.ts'
import { opening } from '../../../src/ledger/entries.ts'
import { picoUsdToAtomic } from '../../../src/lib/money.ts'
import { appendEntries } from '../../support/memory/entries.ts'
import type { Tables } from '../../support/memory/tables.ts'
import { held } from './chain/state.ts'
import type { SimulatedChain } from './chain/simulated-chain.ts'
import { ASSETS, LANES, NETWORK, POLICY } from './setup.ts'

/** The operator gives the till its float before the first call: fees of tokens come out of it. */
export function fillTill({
  tables,
  simulated,
  nowMs,
}: {
  tables: Tables
  simulated: SimulatedChain
  nowMs: number
}) {
  for (const { address: asset, decimals } of ASSETS) {
    const amount = picoUsdToAtomic({ amountPicoUsd: POLICY.tillFloatPicoUsd, decimals })
    simulated.blocks.state.balances.set(held(asset, LANES.till.address), amount)
    const ledger = tokenLedger({ network: NETWORK, asset })
    appendEntries(tables, [opening({ ledger, account: ACCOUNTS.till, amount })], nowMs)
  }
  tables.journal.forget()
}
