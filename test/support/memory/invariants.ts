import { ACCOUNTS } from '../../../src/ledger/accounts.ts'
import { LIMITS } from '../../../src/lib/limits.ts'
import { accountKey, availableIn, channelStateOf } from './balances.ts'
import { listPostings, type StoredPosting } from './postings.ts'
import type { Tables } from './tables.ts'

/** A check of one invariant of src/storage/invariants/statements.ts: what violates it. */
type Check = (ledger: {
  readonly tables: Tables
  readonly postings: readonly StoredPosting[]
  readonly nowMs: number
}) => readonly string[]

const OVERDUE_MS = LIMITS.callSeconds * 1000 + LIMITS.leaseMs + 60_000
const CLEARING_MS = 3_600_000

/** Events that lower a channel's confirmed balance or an organisation's, and those of them that write charges off. */
const REFUNDS = new Set([
  'channel_refund_seen',
  'channel_withdrawn',
  'deposit_undone',
  'organization_withdrawn',
])
const WRITE_OFFS = new Set(['channel_withdrawn', 'deposit_undone'])

const balancesEqualPostings: Check = ({ tables, postings }) => {
  const resolved = new Set(postings.flatMap(({ pendingId }) => pendingId ?? []))
  const sums = new Map<
    string,
    [debits: bigint, credits: bigint, pending: bigint, refunds: bigint, refundsPending: bigint]
  >()
  const sumOf = (ledger: string, account: string) => {
    const key = accountKey(ledger, account)
    const sum = sums.get(key) ?? [0n, 0n, 0n, 0n, 0n]
    sums.set(key, sum)
    return sum
  }
  for (const { id, ledger, debit, credit, amount, kind, event } of postings) {
    const from = sumOf(ledger, debit)
    if (kind === 'pending' && !resolved.has(id)) {
      from[2] += amount
      if (event === 'channel_refund_held') from[4] += amount
    }
    if (kind !== 'posted') continue
    from[0] += amount
    if (REFUNDS.has(event)) from[3] += amount
    const to = sumOf(ledger, credit)
    to[1] += amount
    if (WRITE_OFFS.has(event)) to[3] += amount
  }
  return [...tables.balances.values()].flatMap((row) => {
    const sum = sums.get(accountKey(row.ledger, row.account)) ?? [0n, 0n, 0n, 0n, 0n]
    const kept = [
      row.debitsPosted,
      row.creditsPosted,
      row.debitsPending,
      row.refundsPosted,
      row.refundsPending,
    ]
    return kept.join(' ') === sum.join(' ')
      ? []
      : [`${row.account}: kept ${kept.join(' ')}, postings ${sum.join(' ')}`]
  })
}

const holdsResolveOnce: Check = ({ postings }) => {
  const holds = new Map(
    postings.filter(({ kind }) => kind === 'pending').map((posting) => [posting.id, posting]),
  )
  const resolved = new Set<string>()
  return postings.flatMap(({ id, pendingId, kind, amount }) => {
    if (pendingId === undefined) return []
    const hold = holds.get(pendingId)
    const isSecond = resolved.has(pendingId)
    resolved.add(pendingId)
    return !hold || isSecond || (kind === 'posted' && amount > hold.amount) ? [id] : []
  })
}

const noncesAreContiguous: Check = ({ tables }) =>
  [...tables.lanes.entries()].flatMap(([address, { firstNonce, nextNonce }]) => {
    const nonces = [...tables.transactions.values()]
      .filter(({ lane }) => lane.address === address)
      .map(({ nonce }) => nonce)
      .sort((a, b) => a - b)
    const isGood =
      nonces.length === nextNonce - firstNonce && nonces.every((nonce, at) => nonce === firstNonce + at)
    return isGood ? [] : [`${address}: ${nonces.join(' ')} of ${firstNonce} to ${nextNonce}`]
  })

const settlementsHaveTheirTransaction: Check = ({ tables }) => {
  const fundings = [...tables.fundings.values()].filter(({ adopted }) => adopted === undefined)
  const refunds = [...tables.refunds.values()].filter(({ foreignHash }) => foreignHash === undefined)
  const intents = [...fundings, ...tables.settlements.values(), ...refunds]
  const taken = new Set<string>()
  return intents.flatMap((intent) => {
    const name = 'id' in intent ? intent.id : intent.callId
    const { state, transactionId } = intent
    const transaction = tables.transactions.get(transactionId ?? '')
    const isShared = transactionId !== undefined && taken.has(transactionId)
    if (transactionId !== undefined) taken.add(transactionId)
    const needsOne = state === 'signed' || state === 'seen' || state === 'final'
    const isBehind = state === 'final' && transaction?.state !== 'final'
    const isUnseen = state === 'seen' && transaction?.state !== 'seen' && transaction?.state !== 'final'
    return isShared || (needsOne && !transaction) || isBehind || isUnseen
      ? [`${name}: ${state}, its transaction ${transaction?.state ?? 'missing'}`]
      : []
  })
}

const channelsAreCovered: Check = ({ tables }) =>
  [...tables.balances.values()].flatMap((row) => {
    if (row.kind !== 'channel') return []
    const { chargedAtomic, heldAtomic, balanceAtomic, claimedAtomic } = channelStateOf(row)
    const engaged = chargedAtomic + heldAtomic
    const isGood =
      heldAtomic >= 0n &&
      engaged <= row.voucherMax &&
      engaged <= balanceAtomic &&
      claimedAtomic <= chargedAtomic
    return isGood ? [] : [row.account]
  })

const CHECKS: Readonly<Record<string, Check>> = {
  entries_balance: ({ tables, postings }) => [
    ...[...tables.entries.values()].filter((entry) => entry.postings.length === 0).map(({ id }) => id),
    ...postings.filter(({ amount, debit, credit }) => amount <= 0n || debit === credit).map(({ id }) => id),
  ],
  ledgers_balance: ({ tables }) => {
    const ledgers = Map.groupBy(tables.sums.entries(), ([key]) => key.split(' ')[0] ?? '')
    const total = (sums: readonly [string, bigint][]) => sums.reduce((sum, [, side]) => sum + side, 0n)
    return [...ledgers.entries()].filter(([, sums]) => total(sums) !== 0n).map(([ledger]) => ledger)
  },
  balances_equal_postings: balancesEqualPostings,
  limits_hold: ({ tables }) =>
    [...tables.balances.values()]
      .filter((row) => row.debitsPending < 0n || (row.kind !== 'exposure' && availableIn(row) < 0n))
      .map(({ account }) => account),
  holds_resolve_once: holdsResolveOnce,
  calls_end: ({ tables, nowMs }) =>
    [...tables.admissions.values()]
      .filter(({ callId, atMs }) => atMs < nowMs - OVERDUE_MS && !tables.captures.has(callId))
      .map(({ callId }) => callId),
  charges_are_bounded: ({ tables }) =>
    [...tables.captures.values()]
      .filter(({ callId, chargeAtomic }) => {
        const ceiling = tables.admissions.get(callId)?.ceilingAtomic ?? 0n
        return chargeAtomic > ceiling || chargeAtomic < 0n
      })
      .map(({ callId }) => callId),
  payments_are_used_once: ({ tables }) =>
    tables.callOfKey.size === tables.admissions.size && tables.fundingOfKey.size === tables.fundings.size
      ? []
      : [`${tables.admissions.size} calls of ${tables.callOfKey.size} payments`],
  nonces_are_contiguous: noncesAreContiguous,
  settlements_have_their_transaction: settlementsHaveTheirTransaction,
  charges_are_settled: ({ tables }) =>
    [...tables.admissions.values()]
      .filter(({ callId, scheme }) => {
        const isDue = scheme === 'upto' && (tables.captures.get(callId)?.chargeAtomic ?? 0n) > 0n
        return isDue !== tables.settlements.has(callId)
      })
      .map(({ callId }) => callId),
  losses_are_remembered: ({ tables }) =>
    [...tables.settlements.values()].flatMap(({ callId, state }) => {
      const account = ACCOUNTS.receivable(tables.admissions.get(callId)?.payer.id ?? '')
      const rows = [...tables.balances.values()].filter((row) => row.account === account)
      return state === 'failed' && rows.some(({ depositsOnly }) => !depositsOnly) ? [callId] : []
    }),
  clearing_clears: ({ tables, nowMs }) =>
    [...tables.entries.values()]
      .filter(({ event, atMs }) => /^(deposit|exact|upto)_seen$/.test(event) && atMs < nowMs - CLEARING_MS)
      .filter(({ id }) =>
        ['_final:', '_undone:'].every((end) => !tables.entries.has(id.replace('_seen:', end))),
      )
      .map(({ id }) => id),
  channels_are_covered: channelsAreCovered,
}

/** Every invariant of the ledger over tables in memory, by the names of the SQL statements. */
export function checkMemoryInvariants(tables: Tables, nowMs: number) {
  const ledger = { tables, postings: listPostings(tables), nowMs }
  return Object.entries(CHECKS).map(([name, check]) => {
    const rows = check(ledger)
    return { name, says: name, ok: rows.length === 0, rows: rows.map((violation) => ({ violation })) }
  })
}
