import type { Posting } from './types.ts'

/** One account's sums over posted postings. `balance` is debits minus credits. */
export type TrialBalanceRow = {
  readonly ledger: string
  readonly account: string
  readonly debits: bigint
  readonly credits: bigint
  readonly balance: bigint
}

/**
 * Sums of every account, in the order of ledger and path. Only posted postings count: a hold is a promise, not money.
 * Per ledger the balances add up to zero, because every posting has both sides in one ledger.
 */
export function trialBalance(postings: readonly Posting[]): readonly TrialBalanceRow[] {
  const sums = new Map<string, { ledger: string; account: string; debits: bigint; credits: bigint }>()
  const sumOf = (ledger: string, account: string) => {
    const key = `${ledger} ${account}`
    const sum = sums.get(key) ?? { ledger, account, debits: 0n, credits: 0n }
    sums.set(key, sum)
    return sum
  }
  for (const posting of postings) {
    if (posting.kind !== 'posted') continue
    sumOf(posting.ledger, posting.debit).debits += posting.amount
    sumOf(posting.ledger, posting.credit).credits += posting.amount
  }
  return [...sums.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, sum]) => ({ ...sum, balance: sum.debits - sum.credits }))
}
