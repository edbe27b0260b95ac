import { ACCOUNTS } from '../../ledger/accounts.ts'
import type { Address, Hex, Network } from '../../payment/types.ts'
import type { LaneGas, LedgerSide } from '../../settlement/reconcile/ports.ts'
import type { Authorization, Movement } from '../../settlement/reconcile/types.ts'
import { channelStateOf } from './channel-row.ts'
import type { Database, Row, Sql } from '../database/database.ts'
import { big, integer, optional, text } from '../database/row.ts'

const OWN = `('${ACCOUNTS.payTo}', '${ACCOUNTS.till}', '${ACCOUNTS.channels}')`

/**
 * What somebody else's transaction brought (a payment submitted past us, a settle or a claim by a stranger) is booked without one of
 * ours: its hash is in the entry's id. A refund is booked with ours that failed, and its row has the hash of the other.
 */
const FOREIGN = `e.transaction_id is null and e.event in ('deposit_final', 'exact_final', 'settle_final', 'claim_final', 'token_fee')`
const HASH = `'0x[0-9a-f]{64}'`

/**
 * Postings of our chain accounts since `$2`, and of the transactions and channels marked in `$3`; where a transaction is among
 * them, all of its postings are. `$1` is the network.
 */
const MOVEMENTS = `
  with wanted as (
    select e.id, e.transaction_id from entries e where e.at_ms >= $2
    union select e.id, e.transaction_id from entries e join transactions t on t.id = e.transaction_id
      where t.network = $1 and t.hash = any($3::text[])
    union select e.id, null from entries e where ${FOREIGN} and substring(e.id from ${HASH}) = any($3::text[])
    union select 'channel_refund_seen:' || r.id, null from refunds r
      where r.network = $1 and r.foreign_hash = any($3::text[])
    union select e.id, null from entries e
      where e.event = 'channel_withdrawn' and split_part(e.id, ':', 2) = any($3::text[])
  ), whole as (
    select id from wanted
    union select e.id from entries e where e.transaction_id in (select transaction_id from wanted)
  )
  select e.id, e.event, e.at_ms, split_part(p.ledger, '/', 2) as asset, p.debit, p.credit, p.amount,
    case when ${FOREIGN} then substring(e.id from ${HASH}) else coalesce(r.foreign_hash, t.hash) end as hash,
    case when ${FOREIGN} then f.adopted_block else t.block_number end as block_number,
    coalesce(f.channel_id, t.purpose ->> 'channelId') as purpose_channel,
    f.payer as funding_payer, f."authorization" as funding_authorization,
    a.payer_id as call_payer, a."authorization" as call_authorization
  from whole w join entries e on e.id = w.id join postings p on p.entry_id = e.id
  left join transactions t on t.id = e.transaction_id
  left join fundings f on f.id = case when ${FOREIGN} then split_part(e.id, ':', 2) else t.purpose ->> 'fundingId' end
  left join refunds r on e.event = 'channel_refund_seen' and r.id = t.purpose ->> 'refundId'
  left join admissions a on e.event = 'upto_final' and a.call_id = e.call_id
  where p.ledger like $1 || '/0x%' and p.kind = 'posted' and e.event <> 'opening'
    and (p.debit in ${OWN} or p.credit in ${OWN})`

/** Of the tokens in \`$2\`, so that an account without a posting is compared as well. */
const BALANCES = `
  select token as asset, account,
    coalesce((select sum(p.amount) from postings p where p.ledger = $1 || '/' || token and p.debit = account and p.kind = 'posted'), 0)
    - coalesce((select sum(p.amount) from postings p where p.ledger = $1 || '/' || token and p.credit = account and p.kind = 'posted'), 0)
    as balance
  from unnest($2::text[]) token cross join unnest(array['${ACCOUNTS.payTo}', '${ACCOUNTS.till}']) account`

/** Transactions that are signed and have not come to their end, and others' that we follow, with the channels that they touch. */
const OPEN = `
  with open as (select * from transactions where network = $1 and state not in ('final', 'failed'))
  select t.hash, coalesce(t.purpose ->> 'channelId', x.channel_id) as channel_id
  from open t left join claims x on x.transaction_id = t.id
  union all select r.hash, null from replaced_bytes r join open t on t.id = r.transaction_id
  union all select adopted_hash, channel_id from fundings
    where network = $1 and adopted_hash is not null and state = 'seen'
  union all select null, channel_id from refunds where network = $1 and state = 'held' and channel_id is not null`

/** Gas that is booked of what was mined up to a block, per signing key. */
const LANES = `
  select l.role, l.address, l.first_nonce, count(e.id) as mined, coalesce(sum(p.amount), 0) as spent
  from lanes l
  left join transactions t on t.network = l.network and t.address = l.address and t.block_number <= $2
  left join entries e on e.id = 'gas_paid:' || t.id
  left join postings p on p.entry_id = e.id
  where l.network = $1 group by l.role, l.address, l.first_nonce`

/** One look at the books of a network, all of it at the same moment. */
export function readLedgerSide({
  database,
  network,
  assets,
  sinceMs,
  marks,
  untilBlock,
}: {
  database: Database
  network: Network
  assets: readonly Address[]
  sinceMs: number
  marks: readonly Hex[]
  untilBlock: bigint
}): Promise<LedgerSide> {
  return database.transaction(async (sql) => {
    await sql.query('set transaction isolation level repeatable read')
    const balances = await sql.query(BALANCES, [network, [...assets]])
    const movements = await sql.query(MOVEMENTS, [network, sinceMs, [...marks]])
    const open = await sql.query(OPEN, [network])
    return {
      balances: balances.map((row) => ({
        asset: text<Address>(row['asset']),
        account: text<string>(row['account']),
        balanceAtomic: big(row['balance']),
      })),
      movements: movements.map(movementOf),
      openHashes: new Set(open.flatMap(({ hash }) => (hash === null ? [] : text<Hex>(hash)))),
      busyChannels: new Set(open.flatMap(({ channel_id: id }) => (id === null ? [] : text<Hex>(id)))),
      channels: await listChannels({ sql, network }),
      lanes: await listLanes({ sql, network, untilBlock }),
    }
  })
}

async function listChannels({
  sql,
  network,
}: {
  sql: Sql
  network: Network
}): Promise<LedgerSide['channels']> {
  const rows = await sql.query(
    `select b.*, c.id, c.asset from channels c join balances b on b.account_id = c.account_id
     where c.network = $1 order by c.id`,
    [network],
  )
  return rows.map((row) => {
    const { balanceAtomic, claimedAtomic } = channelStateOf(row)
    return { id: text(row['id']), asset: text(row['asset']), balanceAtomic, claimedAtomic }
  })
}

async function listLanes({
  sql,
  network,
  untilBlock,
}: {
  sql: Sql
  network: Network
  untilBlock: bigint
}): Promise<readonly LaneGas[]> {
  const rows = await sql.query(LANES, [network, untilBlock.toString()])
  return rows.map((row) => ({
    role: text(row['role']),
    address: text(row['address']),
    firstNonce: integer(row['first_nonce']),
    minedCount: integer(row['mined']),
    spentWei: big(row['spent']),
  }))
}

function movementOf(row: Row): Movement {
  const asset = text<Address>(row['asset'])
  const authorization = authorizationOf(row, asset)
  const channelId = channelOf(row)
  return {
    entryId: text(row['id']),
    event: text(row['event']),
    asset,
    debit: text(row['debit']),
    credit: text(row['credit']),
    amountAtomic: big(row['amount']),
    atMs: integer(row['at_ms']),
    ...optional('transactionHash', row['hash'], text<Hex>),
    ...optional('blockNumber', row['block_number'], big),
    ...(channelId === undefined ? {} : { channelId }),
    ...(authorization === undefined ? {} : { authorization }),
  }
}

/** A claim's entry names the channel last, other entries debit or credit it, and a deposit's is in its transaction. */
function channelOf(row: Row): Hex | undefined {
  const [id, debit, credit] = [
    text<string>(row['id']),
    text<string>(row['debit']),
    text<string>(row['credit']),
  ]
  if (row['event'] === 'claim_final') return id.split(':')[2] as Hex
  const account = [debit, credit].find((path) => path.startsWith('channel:'))
  if (account !== undefined) return account.slice('channel:'.length) as Hex
  return row['purpose_channel'] === null ? undefined : text<Hex>(row['purpose_channel'])
}

type Signed = { readonly method?: 'eip3009' | 'permit2'; readonly nonce: string; readonly deposit?: Signed }

function authorizationOf(row: Row, token: Address): Authorization | undefined {
  const ofFunding = row['funding_authorization'] as Signed | null
  const ofCall = row['call_authorization'] as Signed | null
  const signed = ofFunding?.deposit ?? ofFunding ?? ofCall
  if (!signed) return undefined
  const owner = text<Address>(ofFunding ? row['funding_payer'] : row['call_payer'])
  return { method: signed.method ?? 'permit2', token, owner, nonce: signed.nonce }
}
