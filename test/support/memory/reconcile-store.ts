import type { Network } from '../../../src/payment/types.ts'
import type { Storage } from '../../../src/storage/open-storage.ts'
import { channelStateOf } from './balances.ts'
import type { Tables } from './tables.ts'

const byId = <Row extends { readonly id: string }>(a: Row, b: Row) => (a.id < b.id ? -1 : 1)

/** What the watch over channels and the opening read, in memory. */
export function openMemoryReconcileStore({
  tables,
}: {
  tables: Tables
}): Pick<Storage['reconcile'], 'listChannelPage' | 'getOpeningBlock' | 'setOpeningBlock'> {
  /** Deposited in blocks that may still be taken back. */
  const unfinalOf = (channelId: string) => {
    let sum = 0n
    for (const { channel, state, transactionId, amountAtomic } of tables.fundings.values()) {
      if (channel?.id !== channelId) continue
      const wasSeen = tables.transactions.get(transactionId ?? '')?.wasSeen === true
      if (state === 'seen' || (state === 'signed' && wasSeen)) sum += amountAtomic
    }
    return sum
  }
  const channels = (network: Network) =>
    [...tables.channels.values()]
      .filter((channel) => channel.network === network)
      .flatMap(({ id, config, key }) => {
        const row = tables.balances.get(key)
        return row ? [{ id, asset: config.token, unfinalAtomic: unfinalOf(id), ...channelStateOf(row) }] : []
      })
      .sort(byId)
  return {
    listChannelPage: async ({ network, afterId, limit }) =>
      channels(network)
        .filter(({ id }) => id > afterId)
        .slice(0, limit),
    getOpeningBlock: async ({ network }) => tables.meta.get(`opening-block:${network}`) as bigint | undefined,
    setOpeningBlock: async ({ network, blockNumber }) =>
      void tables.meta.set(`opening-block:${network}`, blockNumber),
  }
}
