import { one, type PlantedBug } from './planted-bug.ts'

/** Entries, and what they do to balances. */
export const LEDGER_BUGS: readonly PlantedBug[] = [
  {
    name: 'what was written off stays charged',
    guards: 'channels_are_covered; balances_equal_postings',
    edits: one(
      'src/ledger/effects.ts',
      'refundsPosted: WRITE_OFFS.has(event) ? posted : 0n',
      'refundsPosted: 0n',
    ),
  },
  {
    name: 'a settlement does not clear',
    guards: 'clearing_clears',
    edits: one(
      'src/ledger/entries.ts',
      "const move = { debit: ACCOUNTS.payTo, credit: ACCOUNTS.clearing }\n  return tokenEntry('upto_final'",
      "const move = { debit: ACCOUNTS.payTo, credit: ACCOUNTS.badDebt }\n  return tokenEntry('upto_final'",
    ),
  },
]
