import { isLimited } from '../../../src/ledger/accounts.ts'
import type { ChannelState } from '../../../src/payment/types.ts'
import type { BalanceRow, Tables } from './tables.ts'

export const accountKey = (ledger: string, account: string) => `${ledger} ${account}`

const kindOf = (account: string): BalanceRow['kind'] => {
  if (account.startsWith('channel:')) return 'channel'
  if (account.startsWith('receivable:')) return 'exposure'
  return account.startsWith('organization:') ? 'organization' : 'credit'
}

/** The balance row, made where it is missing. */
export function ensureBalance(tables: Tables, ledger: string, account: string): BalanceRow {
  const key = accountKey(ledger, account)
  const existing = tables.balances.get(key)
  if (existing) return existing
  if (!isLimited(account)) throw new RangeError(`The account ${account} has no balance row.`)
  const row: BalanceRow = {
    ledger,
    account,
    kind: kindOf(account),
    creditLimit: 0n,
    creditsPosted: 0n,
    debitsPosted: 0n,
    debitsPending: 0n,
    refundsPosted: 0n,
    refundsPending: 0n,
    movedAtMs: 0,
    depositsOnly: [...tables.balances.values()].some(
      (other) => other.account === account && other.depositsOnly,
    ),
    voucherMax: 0n,
    voucherSignature: undefined,
    publishedMax: 0n,
    turn: undefined,
    claimed: 0n,
    unclaimedSinceMs: undefined,
    withdrawRequestedAt: 0,
    refundNonce: 0n,
  }
  tables.journal.put(tables.balances, key, row)
  return row
}

export const availableIn = (row: BalanceRow, limit = row.creditLimit) =>
  limit + row.creditsPosted - row.debitsPosted - row.debitsPending

/** The table's constraints, in its words. */
function violatedBy(row: BalanceRow): string | undefined {
  const { debitsPosted, debitsPending, refundsPosted, refundsPending, kind } = row
  if (debitsPending < 0n || refundsPending < 0n) return 'balances_pending'
  if (kind !== 'exposure' && availableIn(row) < 0n) return 'balances_available'
  if (kind !== 'channel') return undefined
  const charged = debitsPosted - refundsPosted
  if (charged + debitsPending - refundsPending > row.voucherMax) return 'balances_voucher'
  return row.claimed > charged ? 'balances_claimed' : undefined
}

/** Replaces a balance row. @throws Error where it would break a limit, which takes the whole commit back. */
export function putBalance(tables: Tables, row: BalanceRow): void {
  const violated = violatedBy(row)
  if (violated) throw new Error(`new row for relation "balances" violates check constraint "${violated}"`)
  tables.journal.put(tables.balances, accountKey(row.ledger, row.account), row)
}

/** Adds a posted posting to the sums of its accounts. */
export function addToSums(
  tables: Tables,
  { ledger, debit, credit, amount }: { ledger: string; debit: string; credit: string; amount: bigint },
): void {
  const { journal, sums } = tables
  const [from, to] = [accountKey(ledger, debit), accountKey(ledger, credit)]
  journal.put(sums, from, (sums.get(from) ?? 0n) + amount)
  journal.put(sums, to, (sums.get(to) ?? 0n) - amount)
}

/** A channel's balance row in the words of the admission rule. */
export function channelStateOf(row: BalanceRow): ChannelState {
  const { refundsPosted, refundsPending, voucherMax, voucherSignature: signature, turn } = row
  return {
    balanceAtomic: row.creditsPosted - refundsPosted - refundsPending,
    chargedAtomic: row.debitsPosted - refundsPosted,
    heldAtomic: row.debitsPending - refundsPending,
    claimedAtomic: row.claimed,
    ...(row.publishedMax === 0n ? {} : { publishedAtomic: row.publishedMax }),
    ...(signature === undefined ? {} : { highest: { maxAtomic: voucherMax, signature } }),
    ...(turn === undefined ? {} : { turn }),
    withdrawRequestedAt: row.withdrawRequestedAt,
    refundNonce: row.refundNonce,
  }
}
