import type { Network } from '../payment/types.ts'
import type { SettlementDependencies } from './dependencies.ts'

/** Channels that one pass looks at: one request to the chain. */
const PASS = 100

/**
 * Looks for payers who take their money out of a channel past us. Such a channel serves no more calls, and what it owes is
 * claimed at once: after the withdrawal's delay its balance is gone, whatever the ledger says. Every pass looks at other
 * channels, in an order of its own, so each of them is seen many times within the delay.
 */
export async function watchWithdrawals({
  network,
  dependencies,
}: {
  network: Network
  dependencies: SettlementDependencies
}): Promise<void> {
  const { due, store, chainOf, newId } = dependencies
  const ids = await due.listWatchedChannels({ network, limit: PASS, order: newId() })
  if (ids.length === 0) return
  const channels = await chainOf(network).reader.readChannels(ids)
  const effects = ids.flatMap((id, index) => {
    const requestedAt = channels[index]?.withdrawRequestedAt ?? 0
    return requestedAt > 0 ? [{ kind: 'channel-withdrawing', id, requestedAt } as const] : []
  })
  if (effects.length > 0) await store.commit({ entries: [], effects })
}
