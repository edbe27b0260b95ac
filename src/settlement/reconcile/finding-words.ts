import type { DifferenceClass } from './types.ts'

/** What a class of finding means, and what an operator does about it. docs/OPERATING.md says the same at length. */
export const FINDING_WORDS: Readonly<
  Record<DifferenceClass, { readonly means: string; readonly next: string }>
> = {
  chain_only: {
    means: 'The chain moved money of ours, or used what a payer signed, and the ledger has no entry for it.',
    next: 'Look at the transaction. Money that somebody sent unasked: close it with who and why. A payment that somebody else submitted is booked by itself; if not, credit or refund its payer, then close it with that.',
  },
  ledger_only: {
    means:
      'The ledger believes that this was executed, and the chain up to its final block does not show it.',
    next: 'Ask a second RPC for the transaction. If it is there, the first RPC is incomplete: replace it, and the finding closes itself. If not, stop paying out on this network and report it.',
  },
  amount: {
    means: 'Ledger and chain both know it, with different numbers.',
    next: 'Compare both values with a second RPC. A token that keeps a fee, a key that is used elsewhere, or a bug: stop what causes it, then close this with the cause.',
  },
  invariant: {
    means: 'A rule that the ledger keeps after every commit is broken.',
    next: 'Keep a copy of the database, run `turnpike ledger check --json`, and follow the runbook of docs/OPERATING.md for this invariant. It closes itself when the rule holds again.',
  },
  usage: {
    means:
      'A provider counted other tokens than were sent or delivered, or more than the bound of the plan. Here `ledger` is our count and `chain` is the provider’s. Callers never pay more than they signed.',
    next: 'Compare with the provider’s own dashboard. An endpoint that counts too much: complain, or take it out of the catalogue. Another way of counting that you accept: close it with that reason. It closes itself when calls agree again.',
  },
}
