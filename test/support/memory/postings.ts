import { ACCOUNTS, USD_LEDGER } from '../../../src/ledger/accounts.ts'
import { heldEntryId, resolvesHold } from '../../../src/ledger/effects.ts'
import type { Posting } from '../../../src/ledger/types.ts'
import { minBigint } from '../../../src/lib/money.ts'
import type { Tables } from './tables.ts'

/** A posting of the whole ledger, with the hold that it resolves: the view `ledger_postings`. */
export type StoredPosting = Posting & {
  readonly id: string
  readonly event: string
  readonly pendingId?: string
}

function entryPostings(tables: Tables): StoredPosting[] {
  return [...tables.entries.values()].flatMap(({ id, event, postings }) =>
    postings.map((posting, number): StoredPosting => {
      const isEnd = resolvesHold({ event, kind: posting.kind })
      const pendingId = isEnd ? { pendingId: `${heldEntryId(id)}#${number}` } : {}
      return { ...posting, id: `${id}#${number}`, event, ...pendingId }
    }),
  )
}

function callPostings(tables: Tables): StoredPosting[] {
  return [...tables.admissions.values()].flatMap(({ callId, holds }) =>
    holds.flatMap(({ ledger, account: debit, amount }, number): StoredPosting[] => {
      const side = { ledger, debit, credit: ACCOUNTS.revenue }
      const pendingId = `${callId}#hold${number}`
      const hold: StoredPosting = { ...side, id: pendingId, event: 'call_admitted', amount, kind: 'pending' }
      const capture = tables.captures.get(callId)
      if (!capture) return [hold]
      const charge = ledger === USD_LEDGER ? capture.chargePicoUsd : capture.chargeAtomic
      const posted = minBigint(charge, amount)
      const end = { ...side, id: `${callId}#capture${number}`, pendingId }
      return posted > 0n
        ? [hold, { ...end, event: 'call_captured', amount: posted, kind: 'posted' }]
        : [hold, { ...end, event: 'call_released', amount, kind: 'voided' }]
    }),
  )
}

function costPostings(tables: Tables): StoredPosting[] {
  return [...tables.captures.values()].flatMap(({ callId, outcome, providerId, costPicoUsd: amount }) => {
    if (amount <= 0n) return []
    const debit = outcome === 'abandoned' ? ACCOUNTS.suspense : ACCOUNTS.inference
    const credit = ACCOUNTS.provider(providerId)
    return [
      {
        id: `${callId}#cost`,
        event: 'call_finished',
        ledger: USD_LEDGER,
        debit,
        credit,
        amount,
        kind: 'posted',
      },
    ]
  })
}

/** Every posting: those of entries, and those that admissions and captures are. Estimates of running calls are left out. */
export const listPostings = (tables: Tables): readonly StoredPosting[] => [
  ...entryPostings(tables),
  ...callPostings(tables),
  ...costPostings(tables),
]
