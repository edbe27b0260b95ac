import type { Address, ChannelConfig, Hex, Network } from '../payment/types.ts'
import type { OpeningStore } from '../settlement/opening.ts'
import type { ReconcileStore } from '../settlement/reconcile.ts'
import { channelStateOf } from './channel-row.ts'
import type { Database } from './database.ts'
import { big, text } from './row.ts'

type Meta = {
  readonly get: (key: string) => Promise<unknown>
  readonly set: (key: string, value: unknown) => Promise<void>
}

const openingKey = (network: Network) => `opening-block:${network}`

/** What reconciliation reads, and where it begins. */
export function openReconcileStore({ database, meta }: { database: Database; meta: Meta }) {
  return {
    listChannels: async ({ network }: { network: Network }) => {
      const rows = await database.query(
        `select b.*, c.id from channels c join balances b on b.account_id = c.account_id
         where c.network = $1 order by c.id`,
        [network],
      )
      return rows.map((row) => ({ id: text<Hex>(row['id']), ...channelStateOf(row) }))
    },
    /** A page of the channels, in the order of their ids. */
    listChannelPage: async ({
      network,
      afterId,
      limit,
    }: {
      network: Network
      afterId: string
      limit: number
    }) => {
      const rows = await database.query(
        `select b.*, c.id, c.config, (
           select coalesce(sum(f.amount), 0) from fundings f left join transactions t on t.id = f.transaction_id
           where f.channel_id = c.id and f.network = c.network
             and (f.state = 'seen' or (f.state = 'signed' and t.was_seen))) as unfinal
         from channels c join balances b on b.account_id = c.account_id
         where c.network = $1 and c.id > $2 order by c.id limit $3`,
        [network, afterId, limit],
      )
      return rows.map((row) => ({
        id: text<Hex>(row['id']),
        asset: (row['config'] as ChannelConfig).token,
        unfinalAtomic: big(row['unfinal']),
        ...channelStateOf(row),
      }))
    },
    listMined: async ({ network }: { network: Network }) => {
      const rows = await database.query(
        `select hash, purpose ->> 'kind' as kind, purpose ->> 'asset' as asset, purpose ->> 'amount' as amount
         from transactions where network = $1 and state in ('seen', 'final') order by signed_at_ms`,
        [network],
      )
      return rows.map((row) => ({
        hash: text<Hex>(row['hash']),
        kind: text<string>(row['kind']),
        asset: text<Address>(row['asset']),
        amount: row['amount'] === null ? '0' : text<string>(row['amount']),
      }))
    },
    getOpeningBlock: async ({ network }: { network: Network }) => {
      const value = await meta.get(openingKey(network))
      return typeof value === 'string' ? BigInt(value) : undefined
    },
    setOpeningBlock: ({ network, blockNumber }: { network: Network; blockNumber: bigint }) =>
      meta.set(openingKey(network), blockNumber.toString()),
  } satisfies ReconcileStore & OpeningStore & { listChannelPage: unknown }
}
