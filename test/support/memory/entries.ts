import { isLimited } from '../../../src/ledger/accounts.ts'
import { type BalanceDelta, creditDelta, debitDelta } from '../../../src/ledger/effects.ts'
import type { Entry } from '../../../src/ledger/types.ts'
import { addToSums, ensureBalance, putBalance } from './balances.ts'
import type { Tables } from './tables.ts'

function move(tables: Tables, ledger: string, account: string, delta: BalanceDelta, nowMs: number): void {
  if (!isLimited(account)) return
  const row = ensureBalance(tables, ledger, account)
  putBalance(tables, {
    ...row,
    creditsPosted: row.creditsPosted + delta.creditsPosted,
    debitsPosted: row.debitsPosted + delta.debitsPosted,
    debitsPending: row.debitsPending + delta.debitsPending,
    refundsPosted: row.refundsPosted + delta.refundsPosted,
    refundsPending: row.refundsPending + delta.refundsPending,
    movedAtMs: Math.max(row.movedAtMs, nowMs),
  })
}

/** Writes entries inside a commit; one whose id exists is left out. @returns how many were new. */
export function appendEntries(tables: Tables, entries: readonly Entry[], nowMs: number): number {
  const added = entries.filter((entry) => !tables.entries.has(entry.id))
  for (const entry of added) {
    tables.journal.put(tables.entries, entry.id, { ...entry, atMs: nowMs })
    for (const { ledger, debit, credit, amount, kind } of entry.postings) {
      if (amount <= 0n)
        throw new Error('new row for relation "postings" violates check constraint "postings_amount"')
      move(tables, ledger, debit, debitDelta({ event: entry.event, kind, amount }), nowMs)
      move(tables, ledger, credit, creditDelta({ event: entry.event, kind, amount }), nowMs)
      if (kind === 'posted') addToSums(tables, { ledger, debit, credit, amount })
    }
  }
  return added.length
}
