import { ACCOUNTS, tokenLedger } from '../ledger/accounts.ts'
import { channelWithdrawn } from '../ledger/entries.ts'
import type { Network } from '../payment/types.ts'
import type { SettlementDependencies } from './dependencies.ts'
import { eachRow } from './each-row.ts'
import type { OnChainChannel, WatchedChannel } from './ports.ts'

/** Channels looked at in one pass: one RPC request. Every channel comes round long before a withdrawal's delay is over. */
const PAGE = 100

/** Where each process goes on. Not durable: a restart begins again at the first channel. */
const cursors = new WeakMap<SettlementDependencies, Map<Network, string>>()

/**
 * Compares a page of channels with the chain. A withdrawal that was requested closes its channel to calls and makes its claim
 * due at once; one that was executed, in a block that is final, leaves the books as it left the contract.
 */
export async function watchChannels({
  network,
  dependencies,
}: {
  network: Network
  dependencies: SettlementDependencies
}): Promise<void> {
  const { watch, chainOf } = dependencies
  const known = cursors.get(dependencies) ?? new Map<Network, string>()
  cursors.set(dependencies, known)
  const channels = await watch.listChannels({ network, afterId: known.get(network) ?? '', limit: PAGE })
  known.set(network, channels.length < PAGE ? '' : (channels.at(-1)?.id ?? ''))
  if (channels.length === 0) return

  const onChain = await chainOf(network).reader.readChannels(channels.map(({ id }) => id))
  await eachRow(channels, async (channel) => {
    const there = onChain[channels.indexOf(channel)]
    if (there) await followChannel({ channel, there, network, dependencies })
  })
}

async function followChannel({
  channel,
  there,
  network,
  dependencies: { store, balances, chainOf },
}: {
  channel: WatchedChannel
  there: OnChainChannel
  network: Network
  dependencies: SettlementDependencies
}): Promise<void> {
  const { id, asset, withdrawRequestedAt: knownAt } = channel
  const setRequestedAt = (requestedAt: number) => ({ kind: 'channel-withdrawing', id, requestedAt }) as const
  // Our own refunds lower the books before the chain, deposits raise the chain before the books: less on chain than in the books
  // is a withdrawal and nothing else, or a deposit that a reorganisation has taken away for now.
  const lessBy = (balanceAtomic: bigint) => channel.balanceAtomic - channel.unfinalAtomic - balanceAtomic
  const missingAtomic = lessBy(there.balanceAtomic)
  const requestedAt = there.withdrawRequestedAt || (missingAtomic > 0n ? knownAt || 1 : 0)
  // Closed first, in a commit of its own: the entry below waits until nothing of the channel is held or being claimed.
  if (requestedAt !== knownAt) await store.commit({ entries: [], effects: [setRequestedAt(requestedAt)] })
  if (missingAtomic <= 0n) return
  const { reader } = chainOf(network)
  const [final] = await reader.readChannels([id], await reader.getFinalBlock())
  const amountAtomic = lessBy(final?.balanceAtomic ?? channel.balanceAtomic)
  if (amountAtomic <= 0n) return
  const account = { ledger: tokenLedger({ network, asset }), account: ACCOUNTS.channel(id) }
  const availableAtomic = await balances.getAvailable(account)
  const subject = `${id}:${requestedAt}:${channel.balanceAtomic}`
  const event = { network, asset, channelId: id, subject, amountAtomic, availableAtomic }
  await store.commit({
    atRest: { ...account, availableAtomic },
    entries: [channelWithdrawn(event)],
    effects: [setRequestedAt(there.withdrawRequestedAt)],
  })
}
