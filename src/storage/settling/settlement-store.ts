import type { SettlementStore } from '../../settlement/ports.ts'
import type { Funding, SettlementCommit } from '../../settlement/types.ts'
import { appendEntries } from '../books/append-entries.ts'
import { appendTransaction } from './append-transaction.ts'
import { AlreadyDone, applyEffects } from './apply-effects.ts'
import { isAtRest } from '../database/at-rest.ts'
import type { Database, Sql } from '../database/database.ts'
import { single } from '../database/row.ts'
import { alertFailures } from './settlement-alerts.ts'
import { moveTransaction } from './move-transaction.ts'
import { replaceBytes } from './replace-bytes.ts'
import { fundingOf, toJson, TRANSACTIONS, transactionOf } from './settlement-rows.ts'

/** After its expiry a block may still be on its way to the RPC that is asked. */
const EXPIRED_SECONDS = 60

const FUNDINGS = `select f.*, t.hash as transaction_hash from fundings f left join transactions t on t.id = f.transaction_id`

async function insertFunding({
  sql,
  funding,
  nowMs,
}: {
  sql: Sql
  funding: Funding
  nowMs: number
}): Promise<boolean> {
  const rows = await sql.query(
    `insert into fundings (id, key, kind, network, asset, payer, amount, expires_at, "authorization", channel_id,
       channel_config, state, at_ms, is_top_up)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10, $11::jsonb, 'reserved', $12, $13)
     on conflict (key) do nothing returning id`,
    [
      funding.id,
      funding.key,
      funding.kind,
      funding.network,
      funding.asset,
      funding.payer,
      funding.amountAtomic.toString(),
      funding.expiresAt,
      toJson(funding.authorization),
      funding.channel?.id ?? null,
      funding.channel ? toJson(funding.channel.config) : null,
      nowMs,
      funding.isTopUp === true,
    ],
  )
  return rows.length === 1
}

async function commitOnce({
  sql,
  commit: { transaction, atRest, entries, effects },
  nowMs,
}: {
  sql: Sql
  commit: SettlementCommit
  nowMs: number
}): Promise<boolean> {
  if (transaction && !(await moveTransaction({ sql, transaction }))) throw new AlreadyDone()
  if (atRest && !(await isAtRest({ sql, account: atRest }))) throw new AlreadyDone()
  const added = await appendEntries({ sql, entries, nowMs })
  // With a transaction that moved, entries that exist are no reason to stop: it was seen, lost in a reorg, and seen again.
  if (!transaction && entries.length > 0 && added === 0) throw new AlreadyDone()
  await applyEffects({ sql, effects, nowMs, of: transaction?.id })
  await alertFailures({ sql, effects, nowMs })
  return true
}

/** What is durable about settlement, by plain transactions. */
export function openSettlementStore({
  database,
  nowMs,
}: {
  database: Database
  nowMs: () => number
}): SettlementStore {
  return {
    reserveFunding: async (funding) => {
      const isNew = await insertFunding({ sql: database, funding, nowMs: nowMs() })
      const rows = await database.query(`${FUNDINGS} where f.key = $1`, [funding.key])
      return { isNew, funding: fundingOf(single(rows)) }
    },
    getFunding: async (id) => {
      const [row] = await database.query(`${FUNDINGS} where f.id = $1`, [id])
      return row && fundingOf(row)
    },
    listFundings: async ({ network, state, limit }) => {
      // The second condition lets the partial index serve it.
      const rows = await database.query(
        `${FUNDINGS} where f.network = $1 and f.state in ('reserved', 'signed', 'seen', 'failed')
           and case $2::text when 'adopted' then f.state = 'seen' and f.adopted_hash is not null
             when 'expired' then f.state = 'failed' and f.expires_at < $4 else f.state = $2 end
         order by f.at_ms, f.id limit $3`,
        [network, state, limit, Math.floor(nowMs() / 1_000) - EXPIRED_SECONDS],
      )
      return rows.map(fundingOf)
    },
    appendTransaction: (request) => appendTransaction({ database, request }),
    replaceBytes: (request) => replaceBytes({ database, request }),
    commit: async (commit) => {
      try {
        return await database.transaction((sql) => commitOnce({ sql, commit, nowMs: nowMs() }))
      } catch (error) {
        if (error instanceof AlreadyDone) return false
        throw error
      }
    },
    listTransactions: async ({ network, states, limit }) => {
      const rows = await database.query(
        `${TRANSACTIONS} where t.network = $1 and t.state = any($2::text[]) order by t.role = 'payer', t.address, t.nonce limit $3`,
        [network, [...states], limit],
      )
      return rows.map(transactionOf)
    },
    getTransaction: async (id) => {
      const [row] = await database.query(`${TRANSACTIONS} where t.id = $1`, [id])
      return row && transactionOf(row)
    },
  }
}
