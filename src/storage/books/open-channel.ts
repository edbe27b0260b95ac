import { ACCOUNTS, tokenLedger } from '../../ledger/accounts.ts'
import type { ChannelConfig, Hex, Network } from '../../payment/types.ts'
import { ensureAccount } from './account-ids.ts'
import type { Sql } from '../database/database.ts'

/** Makes the channel's account, balance row and configuration where they are missing. */
export async function openChannel({
  sql,
  id,
  network,
  config,
  atMs,
}: {
  sql: Sql
  id: Hex
  network: Network
  config: ChannelConfig
  atMs: number
}): Promise<bigint> {
  const ledger = tokenLedger({ network, asset: config.token })
  const accountId = await ensureAccount({ sql, ledger, account: ACCOUNTS.channel(id) })
  await sql.query(
    `insert into channels (id, account_id, network, asset, payer, config, opened_at_ms)
     values ($1, $2, $3, $4, $5, $6::jsonb, $7) on conflict do nothing`,
    [id, accountId.toString(), network, config.token, config.payer, JSON.stringify(config), atMs],
  )
  return accountId
}
