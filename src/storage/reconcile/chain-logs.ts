import type { Hex } from '../../payment/types.ts'
import type { ReconcileStore } from '../../settlement/reconcile/ports.ts'
import type { StoredLog } from '../../settlement/reconcile/types.ts'
import type { Database, Row } from '../database/database.ts'
import { big, integer, optional, text } from '../database/row.ts'

const COLUMNS = `network, transaction_hash, log_index, block_number, event, token, decimals, sender, recipient, subject, amount, seen_at_ms`

function logOf(row: Row): StoredLog {
  return {
    transactionHash: text(row['transaction_hash']),
    logIndex: integer(row['log_index']),
    blockNumber: big(row['block_number']),
    event: text(row['event']),
    token: text(row['token']),
    amountAtomic: big(row['amount']),
    seenAtMs: integer(row['seen_at_ms']),
    ...optional('sender', row['sender'], text<Hex>),
    ...optional('recipient', row['recipient'], text<Hex>),
    ...optional('subject', row['subject'], text<string>),
    ...optional('entryId', row['entry_id'], text<string>),
  }
}

/** What the chain has said about us, each log one row. */
export function openChainLogs({ database }: { database: Database }) {
  return {
    appendLogs: async ({ network, logs, decimalsOf, atMs }) => {
      if (logs.length === 0) return
      await database.transaction(async (sql) => {
        for (const log of logs) {
          const { transactionHash, logIndex, blockNumber, event, token, amountAtomic } = log
          await sql.query(
            `insert into chain_logs (${COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             on conflict do nothing`,
            [
              network,
              transactionHash,
              logIndex,
              blockNumber.toString(),
              event,
              token,
              decimalsOf(token),
              log.sender ?? null,
              log.recipient ?? null,
              log.subject ?? null,
              amountAtomic.toString(),
              atMs,
            ],
          )
        }
      })
    },
    dropLogsAfter: async ({ network, blockNumber }) => {
      await database.query('delete from chain_logs where network = $1 and block_number > $2', [
        network,
        blockNumber.toString(),
      ])
    },
    listLogs: async ({ network, hashes }) => {
      const rows = await database.query(
        `select * from chain_logs where network = $1 and entry_id is null
         union select * from chain_logs where network = $1 and transaction_hash = any($2::text[])`,
        [network, [...hashes]],
      )
      return rows.map(logOf)
    },
    explainLogs: async ({ network, logs }) => {
      if (logs.length === 0) return
      await database.query(
        `update chain_logs l set entry_id = x.entry_id
         from unnest($2::text[], $3::int[], $4::text[]) as x(transaction_hash, log_index, entry_id)
         where l.network = $1 and l.transaction_hash = x.transaction_hash and l.log_index = x.log_index`,
        [
          network,
          logs.map(({ log }) => log.transactionHash),
          logs.map(({ log }) => log.logIndex),
          logs.map(({ entryId }) => entryId),
        ],
      )
    },
    countTransfers: async ({ network }) => {
      const [row] = await database.query(
        `select count(*) as count from chain_logs where network = $1 and event <> 'authorization_used'`,
        [network],
      )
      return integer(row?.['count'] ?? 0)
    },
  } satisfies Partial<ReconcileStore>
}
