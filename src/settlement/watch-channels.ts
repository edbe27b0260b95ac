import { channelWithdrawn } from '../ledger/entries.ts'
import type { Network } from '../payment/types.ts'
import type { SettlementDependencies } from './dependencies.ts'

/** Channels looked at in one pass: one RPC request. Every channel comes round long before a withdrawal's delay is over. */
const PAGE = 100

/** Where each process goes on. Not durable: a restart begins again at the first channel. */
const cursors = new WeakMap<SettlementDependencies, Map<Network, string>>()

/**
 * Compares a page of channels with the chain. A withdrawal that was requested closes its channel to calls and makes its claim
 * due at once; one that was executed leaves the books as it left the contract.
 */
export async function watchChannels({
  network,
  dependencies,
}: {
  network: Network
  dependencies: SettlementDependencies
}): Promise<void> {
  const { watch, store, chainOf } = dependencies
  const known = cursors.get(dependencies) ?? new Map<Network, string>()
  cursors.set(dependencies, known)
  const channels = await watch.listChannels({ network, afterId: known.get(network) ?? '', limit: PAGE })
  known.set(network, channels.length < PAGE ? '' : (channels.at(-1)?.id ?? ''))
  if (channels.length === 0) return

  const onChain = await chainOf(network).reader.readChannels(channels.map(({ id }) => id))
  for (const [index, channel] of channels.entries()) {
    const there = onChain[index]
    if (!there) continue
    const { id, asset } = channel
    const requestedAt = there.withdrawRequestedAt
    const withdrawing = { kind: 'channel-withdrawing', id, requestedAt } as const
    // Our own refunds lower the books before the chain, deposits raise the chain before the books: less on chain than in the
    // books is a withdrawal and nothing else.
    const missingAtomic = channel.balanceAtomic - there.balanceAtomic
    if (missingAtomic > 0n) {
      const subject = `${id}:${channel.withdrawRequestedAt}:${channel.balanceAtomic}`
      const entry = channelWithdrawn({ network, asset, channelId: id, subject, amountAtomic: missingAtomic })
      await store.commit({ entries: [entry], effects: [withdrawing] })
    } else if (requestedAt !== channel.withdrawRequestedAt) {
      await store.commit({ entries: [], effects: [withdrawing] })
    }
  }
}
