import { ACCOUNTS, tokenLedger } from '../../ledger/accounts.ts'
import type { DueStore } from '../../settlement/ports.ts'
import { refundHolds } from '../../settlement/refunds/refund-holds.ts'
import { appendEntries } from '../books/append-entries.ts'
import { channelStateOf } from '../books/channel-row.ts'
import type { Database, Row, Sql } from '../database/database.ts'
import { big, single } from '../database/row.ts'
import { IS_UNFINAL, refundOf } from './settlement-rows.ts'

type Request = Parameters<DueStore['holdRefund']>[0]
type Answer = Awaited<ReturnType<DueStore['holdRefund']>>

export const REFUNDS = `select r.*, coalesce(r.foreign_hash, t.hash) as transaction_hash from refunds r left join transactions t on t.id = r.transaction_id`

const accountOf = ({ kind, payer, channelId }: Request): string => {
  if (kind === 'credit') return ACCOUNTS.credit(payer)
  if (channelId === undefined) throw new RangeError('A refund of a channel needs the channel.')
  return ACCOUNTS.channel(channelId)
}

async function lockBalance({ sql, request }: { sql: Sql; request: Request }): Promise<Row | undefined> {
  const [row] = await sql.query(
    `select b.* from balances b where b.account_id = (select id from accounts where ledger = $1 and path = $2) for update`,
    [tokenLedger(request), accountOf(request)],
  )
  return row
}

/** What of a payer's credit came in blocks that a reorganisation may take away: it buys calls, and does not leave. */
async function unfinalCredit({ sql, request }: { sql: Sql; request: Request }): Promise<bigint> {
  const { network, asset, payer } = request
  const rows = await sql.query(
    `select coalesce(sum(f.amount), 0) as amount from fundings f left join transactions t on t.id = f.transaction_id
     where f.network = $1 and f.asset = $2 and f.payer = $3 and f.kind = 'exact' and ${IS_UNFINAL}`,
    [network, asset, payer],
  )
  return big(single(rows)['amount'])
}

/** What may leave the account now; 'busy' while calls or another refund are under way on a channel. */
async function freeIn({
  sql,
  row,
  request,
}: {
  sql: Sql
  row: Row
  request: Request
}): Promise<bigint | 'busy'> {
  if (request.kind === 'credit') {
    const available = big(row['credits_posted']) - big(row['debits_posted']) - big(row['debits_pending'])
    return available - (await unfinalCredit({ sql, request }))
  }
  const { balanceAtomic, chargedAtomic, heldAtomic } = channelStateOf(row)
  // The contract numbers a channel's refunds, so a second one would be signed with the nonce of the first.
  if (heldAtomic > 0n || big(row['refunds_pending']) > 0n) return 'busy'
  return balanceAtomic - chargedAtomic
}

async function insertRefund({
  sql,
  request,
  amountAtomic,
}: {
  sql: Sql
  request: Request
  amountAtomic: bigint
}) {
  const { id, kind, network, asset, payer, channelId, feeAtomic = 0n, atMs } = request
  const amounts = [amountAtomic.toString(), feeAtomic.toString()]
  await sql.query(
    `insert into refunds (id, kind, network, asset, payer, channel_id, amount, fee, state, at_ms)
     values ($1, $2, $3, $4, $5, $6, $7, $8, 'held', $9)`,
    [id, kind, network, asset, payer, channelId ?? null, ...amounts, atMs],
  )
}

/** Holds a refund against its account: the row and the pending posting in one commit. The same id again answers the same. */
export function holdRefund({ database, request }: { database: Database; request: Request }): Promise<Answer> {
  return database.transaction(async (sql): Promise<Answer> => {
    const row = await lockBalance({ sql, request })
    if (!row) return { kind: 'nothing' }
    const [existing] = await sql.query(`${REFUNDS} where r.id = $1`, [request.id])
    if (existing) return { kind: 'held', refund: refundOf(existing) }
    const free = await freeIn({ sql, row, request })
    if (free === 'busy') return { kind: 'busy' }
    const most = free - (request.feeAtomic ?? 0n)
    const amountAtomic = request.amountAtomic ?? most
    if (amountAtomic <= 0n || amountAtomic > most) return { kind: 'nothing' }
    await insertRefund({ sql, request, amountAtomic })
    await appendEntries({ sql, entries: refundHolds({ request, amountAtomic }), nowMs: request.atMs })
    return {
      kind: 'held',
      refund: refundOf(single(await sql.query(`${REFUNDS} where r.id = $1`, [request.id]))),
    }
  })
}
