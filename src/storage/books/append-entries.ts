import { isLimited } from '../../ledger/accounts.ts'
import {
  creditDelta,
  debitDelta,
  heldEntryId,
  resolvesHold,
  type BalanceDelta,
} from '../../ledger/effects.ts'
import type { Entry, Posting } from '../../ledger/types.ts'
import { ensureAccount } from './account-ids.ts'
import type { Sql } from '../database/database.ts'
import { big } from '../database/row.ts'

type Change = { readonly ledger: string; readonly account: string; readonly delta: BalanceDelta }

async function insertPosting({
  sql,
  entry,
  posting: { ledger, debit, credit, amount, kind },
  number,
}: {
  sql: Sql
  entry: Entry
  posting: Posting
  number: number
}): Promise<void> {
  const pendingId = resolvesHold({ event: entry.event, kind }) ? heldEntryId(entry.id) : null
  await sql.query(
    `insert into postings (entry_id, number, ledger, debit, credit, amount, kind, pending_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [entry.id, number, ledger, debit, credit, amount.toString(), kind, pendingId],
  )
}

const changesOf = ({ event, postings }: Entry): Change[] =>
  postings.flatMap(({ ledger, debit, credit, amount, kind }) => [
    ...(isLimited(debit) ? [{ ledger, account: debit, delta: debitDelta({ event, kind, amount }) }] : []),
    ...(isLimited(credit) ? [{ ledger, account: credit, delta: creditDelta({ event, kind, amount }) }] : []),
  ])

/** Changes the balance rows in the order of their ids, after all of them are locked. */
async function applyChanges({
  sql,
  changes,
  nowMs,
}: {
  sql: Sql
  changes: readonly Change[]
  nowMs: number
}) {
  const located: { id: bigint; delta: BalanceDelta }[] = []
  for (const { ledger, account, delta } of changes) {
    located.push({ id: await ensureAccount({ sql, ledger, account }), delta })
  }
  const ids = located.map(({ id }) => id.toString())
  await sql.query(
    'select 1 from balances where account_id = any($1::bigint[]) order by account_id for update',
    [ids],
  )
  for (const { id, delta } of located) {
    await sql.query(
      `update balances set credits_posted = credits_posted + $2::numeric, debits_posted = debits_posted + $3::numeric,
         debits_pending = debits_pending + $4::numeric, refunds_posted = refunds_posted + $5::numeric,
         refunds_pending = refunds_pending + $6::numeric, moved_at_ms = greatest(moved_at_ms, $7)
       where account_id = $1`,
      [
        id.toString(),
        delta.creditsPosted.toString(),
        delta.debitsPosted.toString(),
        delta.debitsPending.toString(),
        delta.refundsPosted.toString(),
        delta.refundsPending.toString(),
        nowMs,
      ],
    )
  }
}

/**
 * Writes entries with their postings and moves the balances of limited accounts, inside the caller's transaction. An
 * entry whose id exists is left out, with its effect: the same event twice is one entry.
 *
 * @returns how many entries were new.
 */
export async function appendEntries({
  sql,
  entries,
  nowMs,
}: {
  sql: Sql
  entries: readonly Entry[]
  nowMs: number
}): Promise<number> {
  const added: Entry[] = []
  for (const entry of entries) {
    const rows = await sql.query(
      `insert into entries (id, event, call_id, transaction_id, at_ms) values ($1, $2, $3, $4, $5)
       on conflict do nothing returning id`,
      [entry.id, entry.event, entry.callId ?? null, entry.transactionId ?? null, nowMs],
    )
    if (rows.length === 0) continue
    for (const [number, posting] of entry.postings.entries())
      await insertPosting({ sql, entry, posting, number })
    added.push(entry)
  }
  await applyChanges({ sql, changes: added.flatMap(changesOf), nowMs })
  return added.length
}

/** Debits minus credits of an account, posted. */
export async function ledgerBalance({
  sql,
  ledger,
  account,
}: {
  sql: Sql
  ledger: string
  account: string
}): Promise<bigint> {
  if (isLimited(account)) {
    const [row] = await sql.query(
      `select b.debits_posted - b.credits_posted as balance from accounts a join balances b on b.account_id = a.id
       where a.ledger = $1 and a.path = $2`,
      [ledger, account],
    )
    return row ? big(row['balance']) : 0n
  }
  // Accounts that calls post to have to be summed over the view; the others have an index.
  const isOfCalls = /^(revenue:|suspense:|expense:inference|payable:)/.test(account)
  const [row] = await sql.query(
    `select coalesce(sum(amount) filter (where debit = $2), 0) - coalesce(sum(amount) filter (where credit = $2), 0)
       as balance
     from ${isOfCalls ? 'ledger_postings' : 'postings'} where ledger = $1 and kind = 'posted' and (debit = $2 or credit = $2)`,
    [ledger, account],
  )
  return big(row?.['balance'] ?? 0)
}
