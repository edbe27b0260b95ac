import { ACCOUNTS, tokenLedger } from '../ledger/accounts.ts'
import { picoUsdToAtomic } from '../lib/money.ts'
import type { Network } from '../payment/types.ts'
import type { SettlementDependencies } from './dependencies.ts'
import { sendTransaction } from './send/send.ts'

/**
 * Moves what the till has above its float to the cold address. What payers have as credit is owed and stays: a stolen till key
 * can take the float and the credit, never the revenue.
 */
export async function sweepTill({
  network,
  dependencies,
}: {
  network: Network
  dependencies: SettlementDependencies
}): Promise<void> {
  const { balances, policy, chainOf } = dependencies
  const chain = chainOf(network)
  for (const asset of policy.assetsOf(network)) {
    const ledger = tokenLedger({ network, asset })
    const decimals = policy.decimalsOf({ network, asset })
    const held = await balances.getBalance({ ledger, account: ACCOUNTS.till })
    const owed = await balances.getOwedCredit({ network, asset })
    const float = picoUsdToAtomic({ amountPicoUsd: policy.tillFloatPicoUsd, decimals })
    const surplus = held - owed
    if (surplus <= float) continue
    await sendTransaction({
      lane: chain.sender.lanes.till,
      call: chain.calldata.transfer({ asset, to: dependencies.payTo, amountAtomic: surplus }),
      purpose: { kind: 'sweep', asset, amount: surplus.toString() },
      effects: [],
      dependencies,
    })
  }
}
