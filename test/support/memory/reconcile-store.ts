import type { Network } from '../../../src/payment/types.ts'
import type { Storage } from '../../../src/storage/open-storage.ts'
import { channelStateOf } from './balances.ts'
import type { Tables } from './tables.ts'

const byId = <Row extends { readonly id: string }>(a: Row, b: Row) => (a.id < b.id ? -1 : 1)

/** What reconciliation and the watch over channels read, in memory. */
export function openMemoryReconcileStore({ tables }: { tables: Tables }): Storage['reconcile'] {
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
    listChannels: async ({ network }) => channels(network),
    listChannelPage: async ({ network, afterId, limit }) =>
      channels(network)
        .filter(({ id }) => id > afterId)
        .slice(0, limit),
    listMined: async ({ network }) =>
      [...tables.transactions.values()]
        .filter(({ lane, state }) => lane.network === network && (state === 'seen' || state === 'final'))
        .sort((a, b) => a.signedAtMs - b.signedAtMs)
        .map(({ hash, purpose }) => ({
          hash,
          kind: purpose.kind,
          asset: purpose.asset,
          amount: 'amount' in purpose ? purpose.amount : '0',
        })),
    getOpeningBlock: async ({ network }) => tables.meta.get(`opening-block:${network}`) as bigint | undefined,
    setOpeningBlock: async ({ network, blockNumber }) =>
      void tables.meta.set(`opening-block:${network}`, blockNumber),
  }
}
