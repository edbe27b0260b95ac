import type { SettlementStore } from '../../settlement/ports.ts'
import type { Lane, Purpose, TransactionRow } from '../../settlement/types.ts'
import { applyEffects } from './apply-effects.ts'
import type { Database, Sql } from '../database/database.ts'
import { integer, single } from '../database/row.ts'
import { toJson, TRANSACTIONS, transactionOf } from './settlement-rows.ts'

type Request = Parameters<SettlementStore['appendTransaction']>[0]

/** The chain has counted more transactions of the key than were ever signed here. */
export class LaneTakenError extends Error {
  override readonly name = 'LaneTakenError'
  constructor({ role, address, network }: Lane) {
    super(
      `Somebody else uses the ${role} key ${address} on ${network}. Nothing is signed with it until the server has a key of its own.`,
    )
  }
}

/** Locks the lane's row until the commit: nobody else signs with this key meanwhile. */
export async function nextNonce({
  sql,
  lane,
  firstNonce,
}: {
  sql: Sql
  lane: Lane
  firstNonce: number
}): Promise<number> {
  await sql.query(
    `insert into lanes (network, address, role, first_nonce, next_nonce) values ($1, $2, $3, $4, $4)
     on conflict do nothing`,
    [lane.network, lane.address, lane.role, firstNonce],
  )
  const rows = await sql.query(
    'select next_nonce from lanes where network = $1 and address = $2 for update',
    [lane.network, lane.address],
  )
  const nonce = integer(single(rows)['next_nonce'])
  if (firstNonce > nonce) throw new LaneTakenError(lane)
  return nonce
}

type ClaimRow = { readonly channelId: string; readonly totalClaimed: string; readonly delta: string }

function claimRowsOf(purpose: Purpose): readonly ClaimRow[] {
  if (purpose.kind === 'claim') return purpose.rows
  if (purpose.kind !== 'channel-refund' || BigInt(purpose.claimDelta) <= 0n) return []
  const { channelId, totalClaimed, claimDelta: delta } = purpose
  return [{ channelId, totalClaimed, delta }]
}

/**
 * The amounts of a claim were read before the lane was locked. Another claim of the channel (a refund has one in it) that was
 * signed since would leave nothing for this one: the contract passes over such a row in silence, and the ledger would count
 * the money twice.
 */
async function demandOpenClaim({ sql, row }: { sql: Sql; row: ClaimRow }): Promise<void> {
  const rows = await sql.query(
    `select 1 from channels c join balances b on b.account_id = c.account_id
     where c.id = $1 and b.claimed + $2::numeric = $3::numeric and not exists (
       select 1 from claims x join transactions t on t.id = x.transaction_id
       where x.channel_id = c.id and t.state in ('signed', 'reverted'))`,
    [row.channelId, row.delta, row.totalClaimed],
  )
  if (rows.length === 0)
    throw new Error(`The channel ${row.channelId} is being claimed by another transaction.`)
}

/** A surplus of the till was read before the lane was locked: a sweep that was signed since takes it already. */
async function demandOnlySweep({ sql, lane, asset }: { sql: Sql; lane: Lane; asset: string }): Promise<void> {
  const rows = await sql.query(
    `select 1 from transactions where network = $1 and purpose ->> 'kind' = 'sweep' and purpose ->> 'asset' = $2
       and state in ('signed', 'seen', 'reverted')`,
    [lane.network, asset],
  )
  if (rows.length > 0) throw new Error(`The till's ${asset} is being swept by another transaction.`)
}

/** What the transaction claims of each channel: by these rows a call finds the transaction that covers it. */
async function insertClaims({ sql, id, purpose }: { sql: Sql; id: string; purpose: Purpose }): Promise<void> {
  for (const { channelId, totalClaimed } of claimRowsOf(purpose)) {
    await sql.query(
      `update balances b set published_max = b.voucher_max from channels c where c.id = $1 and b.account_id = c.account_id`,
      [channelId],
    )
    await sql.query('insert into claims (transaction_id, channel_id, total_claimed) values ($1, $2, $3)', [
      id,
      channelId,
      totalClaimed,
    ])
  }
}

export const setNextNonce = ({ sql, lane, nonce }: { sql: Sql; lane: Lane; nonce: number }) =>
  sql.query('update lanes set next_nonce = $3 where network = $1 and address = $2', [
    lane.network,
    lane.address,
    nonce,
  ])

export async function insertTransaction({
  sql,
  request,
  nonce,
}: {
  sql: Sql
  request: Pick<Request, 'id' | 'lane' | 'purpose' | 'atMs' | 'maxCostWei' | 'sign'>
  nonce: number
}) {
  const { id, lane, purpose, atMs } = request
  const { raw, hash } = await request.sign(nonce)
  const rows = await sql.query(
    `insert into transactions (id, network, role, address, nonce, purpose, raw, hash, state, signed_at_ms, max_cost_wei)
     values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, 'signed', $9, $10) returning *, '{}'::text[] as replaced`,
    [
      id,
      lane.network,
      lane.role,
      lane.address,
      nonce,
      toJson(purpose),
      raw,
      hash,
      atMs,
      request.maxCostWei.toString(),
    ],
  )
  return single(rows)
}

/**
 * W4 (and F2): the nonce, the signed bytes and what they settle become durable together, before a byte leaves. A
 * transaction that exists already under this id is returned as it is.
 *
 * @throws Error where something that it would settle was signed before: then no nonce is used up.
 */
export function appendTransaction({
  database,
  request,
}: {
  database: Database
  request: Request
}): Promise<TransactionRow> {
  const { id, lane, firstNonce, purpose, effects, atMs } = request
  return database.transaction(async (sql) => {
    const nonce = await nextNonce({ sql, lane, firstNonce })
    const [existing] = await sql.query(`${TRANSACTIONS} where t.id = $1`, [id])
    if (existing) return transactionOf(existing)
    await applyEffects({ sql, effects, nowMs: atMs, signing: id })
    for (const row of claimRowsOf(purpose)) await demandOpenClaim({ sql, row })
    if (purpose.kind === 'sweep') await demandOnlySweep({ sql, lane, asset: purpose.asset })
    const row = await insertTransaction({ sql, request, nonce })
    await insertClaims({ sql, id, purpose })
    await setNextNonce({ sql, lane, nonce: nonce + 1 })
    return transactionOf(row)
  })
}
