import type { Address, ChannelConfig, Hex, Network } from '../../payment/types.ts'
import type { OpeningStore } from '../../settlement/opening.ts'
import type { ReconcileStore } from '../../settlement/reconcile/ports.ts'
import type { Checkpoint } from '../../settlement/reconcile/types.ts'
import { openChainLogs } from './chain-logs.ts'
import { channelStateOf } from '../books/channel-row.ts'
import type { Database } from '../database/database.ts'
import { readLedgerSide } from '../books/ledger-side.ts'
import { big, text } from '../database/row.ts'
import { IS_UNFINAL, toJson } from '../settling/settlement-rows.ts'

type Meta = {
  readonly get: (key: string) => Promise<unknown>
  readonly set: (key: string, value: unknown) => Promise<void>
}

const openingKey = (network: Network) => `opening-block:${network}`
const checkpointKey = (network: Network) => `reconciled:${network}`

/** Payments whose authorisation is looked for on chain in one pass. */
const AUTHORIZATIONS = 1_000

type StoredCheckpoint = Omit<Checkpoint, 'blockNumber' | 'blocks'> & {
  readonly blockNumber: string
  readonly blocks: readonly { readonly number: string; readonly hash: Hex }[]
}

const checkpointOf = (stored: StoredCheckpoint): Checkpoint => ({
  ...stored,
  blockNumber: BigInt(stored.blockNumber),
  blocks: stored.blocks.map(({ number, hash }) => ({ number: BigInt(number), hash })),
})

/** What reconciliation reads, and where it begins. */
export function openReconcileStore({ database, meta }: { database: Database; meta: Meta }) {
  return {
    ...openChainLogs({ database }),
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
             and ${IS_UNFINAL}) as unfinal
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
    getOpeningBlock: async ({ network }: { network: Network }) => {
      const value = await meta.get(openingKey(network))
      return typeof value === 'string' ? BigInt(value) : undefined
    },
    setOpeningBlock: ({ network, blockNumber }: { network: Network; blockNumber: bigint }) =>
      meta.set(openingKey(network), blockNumber.toString()),
    getCheckpoint: async ({ network }) => {
      const value = await meta.get(checkpointKey(network))
      return value === undefined ? undefined : checkpointOf(value as StoredCheckpoint)
    },
    setCheckpoint: ({ network, checkpoint }) =>
      meta.set(checkpointKey(network), JSON.parse(toJson(checkpoint)) as StoredCheckpoint),
    getChannelTokens: async ({ channelIds }) => {
      const rows = await database.query('select id, asset from channels where id = any($1::text[])', [
        [...channelIds],
      ])
      return new Map(rows.map((row) => [text<Hex>(row['id']), text<Address>(row['asset'])]))
    },
    listAuthorizations: async ({ network, sinceMs }) => {
      const rows = await database.query(
        `select asset, payer, coalesce("authorization" -> 'deposit' ->> 'nonce', "authorization" ->> 'nonce') as nonce
         from fundings
         where network = $1 and (at_ms >= $2 or state in ('reserved', 'signed', 'seen'))
           and coalesce("authorization" -> 'deposit' ->> 'method', "authorization" ->> 'method') = 'eip3009'
         order by at_ms desc limit ${AUTHORIZATIONS}`,
        [network, sinceMs],
      )
      return rows.map((row) => ({
        method: 'eip3009',
        token: text(row['asset']),
        owner: text(row['payer']),
        nonce: text(row['nonce']),
      }))
    },
    readLedger: (query) => readLedgerSide({ database, ...query }),
  } satisfies ReconcileStore & OpeningStore & { listChannelPage: unknown }
}
