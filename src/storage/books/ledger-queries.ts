import type { TrialBalanceRow } from '../../ledger/trial-balance.ts'
import type { Entry, Posting } from '../../ledger/types.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { Database, Row } from '../database/database.ts'
import { extendHistory } from '../history/extend-history.ts'
import { checkInvariants } from '../invariants/check-invariants.ts'
import { big, integer, optional, text } from '../database/row.ts'

/** A limited account with its balance. Amounts are atomic units of the ledger's token, or pico-USD in `usd`. */
export type AccountBalance = {
  readonly ledger: string
  readonly account: string
  readonly creditsPosted: bigint
  readonly debitsPosted: bigint
  readonly debitsPending: bigint
  readonly available: bigint
}

export type StoredEntry = Entry & { readonly atMs: number }

type Page = { readonly limit: number; readonly after?: string }

const pageSize = ({ limit }: Page) => Math.min(Math.max(1, limit), LIMITS.listEntries)

const postingOf = (row: Row): Posting => ({
  ledger: text(row['ledger']),
  debit: text(row['debit']),
  credit: text(row['credit']),
  amount: big(row['amount']),
  kind: text(row['kind']),
})

const TRIAL_BALANCE = `
  select ledger, account, sum(debit) as debits, sum(credit) as credits from (
    select ledger, debit as account, amount as debit, 0 as credit from ledger_postings where kind = 'posted'
    union all select ledger, credit, 0, amount from ledger_postings where kind = 'posted'
  ) sides group by ledger, account order by ledger collate "C", account collate "C"`

const accountBalanceOf = (row: Row): AccountBalance => ({
  ledger: text(row['ledger']),
  account: text(row['path']),
  creditsPosted: big(row['credits_posted']),
  debitsPosted: big(row['debits_posted']),
  debitsPending: big(row['debits_pending']),
  available: big(row['available']),
})

/** What operators and `turnpike ledger` ask. None of it is on the way of a call. */
export function openLedgerQueries({ database, nowMs }: { database: Database; nowMs: () => number }) {
  return {
    /** Every invariant with its violations. */
    check: () => checkInvariants({ sql: database, nowMs: nowMs() }),
    /** Hashes what has become history; gives the newest link. */
    extendHistory: () => extendHistory({ database, nowMs: nowMs() }),
    /** Sums of all posted postings, per ledger and account. */
    trialBalance: async (): Promise<readonly TrialBalanceRow[]> => {
      const rows = await database.query(TRIAL_BALANCE)
      return rows.map((row) => {
        const [debits, credits] = [big(row['debits']), big(row['credits'])]
        return {
          ledger: text(row['ledger']),
          account: text(row['account']),
          debits,
          credits,
          balance: debits - credits,
        }
      })
    },
    /** Limited accounts in the order of ledger and path; `after` is `<ledger> <path>`. */
    listAccounts: async (page: Page): Promise<readonly AccountBalance[]> => {
      const rows = await database.query(
        `select a.ledger, a.path, b.credits_posted, b.debits_posted, b.debits_pending,
           b.credit_limit + b.credits_posted - b.debits_posted - b.debits_pending as available
         from accounts a join balances b on b.account_id = a.id
         where a.ledger || ' ' || a.path collate "C" > $1 order by a.ledger || ' ' || a.path collate "C" limit $2`,
        [page.after ?? '', pageSize(page)],
      )
      return rows.map(accountBalanceOf)
    },
    /** Entries, newest first; `after` is the id of the last one seen. */
    listEntries: async (page: Page): Promise<readonly StoredEntry[]> => {
      const rows = await database.query(
        `select e.*, (select json_agg(json_build_object('ledger', p.ledger, 'debit', p.debit, 'credit', p.credit,
             'amount', p.amount::text, 'kind', p.kind) order by p.number) from postings p where p.entry_id = e.id) as postings
         from entries e where $1::text is null or (e.at_ms, e.id) < (select at_ms, id from entries where id = $1)
         order by e.at_ms desc, e.id desc limit $2`,
        [page.after ?? null, pageSize(page)],
      )
      return rows.map((row) => ({
        id: text(row['id']),
        event: text(row['event']),
        postings: (row['postings'] as readonly Row[]).map(postingOf),
        ...optional('callId', row['call_id'], text<string>),
        ...optional('transactionId', row['transaction_id'], text<string>),
        atMs: integer(row['at_ms']),
      }))
    },
    /** Every posting of the ledger, those of calls included; for tests and small ledgers. */
    listPostings: async (): Promise<readonly Posting[]> => {
      const rows = await database.query('select ledger, debit, credit, amount, kind from ledger_postings')
      return rows.map(postingOf)
    },
  }
}
