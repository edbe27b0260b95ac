import { ACCOUNTS, tokenLedger } from '../ledger/accounts.ts'
import { opening } from '../ledger/entries.ts'
import type { Network } from '../payment/types.ts'
import type { SettlementDependencies } from './dependencies.ts'

/** Remembers at which block a network's opening balances were read. */
export type OpeningStore = {
  readonly getOpeningBlock: (query: { network: Network }) => Promise<bigint | undefined>
  readonly setOpeningBlock: (query: { network: Network; blockNumber: bigint }) => Promise<void>
}

/**
 * Before the first entry of a network: what our addresses hold already becomes the ledger's opening balance, so that from here
 * on ledger and chain agree to the unit. Done once; a chain that cannot be reached is asked again at the next start.
 */
export async function recordOpening({
  store,
  dependencies,
}: {
  store: OpeningStore
  dependencies: SettlementDependencies
}): Promise<void> {
  for (const network of dependencies.networks) {
    if ((await store.getOpeningBlock({ network })) !== undefined) continue
    const { reader, sender } = dependencies.chainOf(network)
    const { number: blockNumber } = await reader.getHead()
    for (const asset of dependencies.policy.assetsOf(network)) {
      const ledger = tokenLedger({ network, asset })
      const owners = [
        [ACCOUNTS.payTo, dependencies.payTo],
        [ACCOUNTS.till, sender.lanes.till.address],
      ] as const
      for (const [account, owner] of owners) {
        const amount = await reader.getBalance({ asset, owner, blockNumber })
        if (amount === 0n) continue
        await dependencies.store.commit({ entries: [opening({ ledger, account, amount })], effects: [] })
      }
    }
    await store.setOpeningBlock({ network, blockNumber })
  }
}
