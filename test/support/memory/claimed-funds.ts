import { tokenLedger } from '../../../src/ledger/accounts.ts'
import type { Address, Network } from '../../../src/payment/types.ts'
import { OPEN_STATES } from './open-states.ts'
import type { Tables } from './tables.ts'

/**
 * Claimed for good, minus what settles brought or are bringing. A settle that brought nothing is not repeated before another
 * claim is final.
 */
export function listClaimedFunds(tables: Tables, network: Network) {
  const sums = new Map<string, bigint>()
  const newestClaimMs = new Map<string, number>()
  const add = (asset: string, amount: bigint) => sums.set(asset, (sums.get(asset) ?? 0n) + amount)
  for (const entry of tables.entries.values()) {
    if (entry.event !== 'claim_final' && entry.event !== 'settle_final') continue
    for (const { ledger, amount } of entry.postings) {
      const asset = ledger.slice(network.length + 1)
      if (ledger !== tokenLedger({ network, asset })) continue
      add(asset, entry.event === 'claim_final' ? amount : -amount)
      if (entry.event !== 'claim_final') continue
      newestClaimMs.set(asset, Math.max(entry.atMs, newestClaimMs.get(asset) ?? 0))
    }
  }
  for (const { purpose, state, signedAtMs } of tables.transactions.values()) {
    if (purpose.kind !== 'settle') continue
    if (OPEN_STATES.has(state)) add(purpose.asset, -BigInt(purpose.amount))
    const claimedAtMs = newestClaimMs.get(purpose.asset)
    if (state === 'failed' && claimedAtMs !== undefined && signedAtMs >= claimedAtMs)
      sums.delete(purpose.asset)
  }
  return [...sums.entries()]
    .filter(([, amountAtomic]) => amountAtomic > 0n)
    .map(([asset, amountAtomic]) => ({ asset: asset as Address, amountAtomic }))
}
