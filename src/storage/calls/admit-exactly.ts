import type { AdmitOutcome } from '../../call/types.ts'
import { admitVoucher } from '../../payment/channel.ts'
import type { ChannelState } from '../../payment/types.ts'
import { findByIdempotencyKey, selectCalls } from './call-records.ts'
import { channelStateOf } from '../books/channel-row.ts'
import type { Database, Row, Sql } from '../database/database.ts'
import {
  admissionInput,
  admissionLiterals,
  admissionNames,
  admissionValues,
} from '../hot/admission-columns.ts'
import type { Scope, ScopedAdmission } from '../hot/scoped-admission.ts'
import { judgeBudgets } from '../governed/judge-budgets.ts'
import { lockCounters, moveRoom, siblingIds, siblingSums } from '../governed/rolling-windows.ts'
import { big } from '../database/row.ts'

export async function readScopes({
  sql,
  scopes,
  lock = false,
  beside = [],
}: {
  sql: Sql
  scopes: readonly Scope[]
  lock?: boolean
  /** Other accounts that are to be locked with them. */
  beside?: readonly bigint[]
}): Promise<Map<bigint, Row>> {
  const ids = [...scopes.map(({ accountId }) => accountId), ...beside].map(String)
  const rows = await sql.query(
    `select * from balances where account_id = any($1::bigint[]) order by account_id ${lock ? 'for update' : ''}`,
    [ids],
  )
  return new Map(rows.map((row) => [big(row['account_id']), row]))
}

const availableIn = (row: Row, limit = big(row['credit_limit'])): bigint =>
  limit + big(row['credits_posted']) - big(row['debits_posted']) - big(row['debits_pending'])

/** The call that has this payment key or idempotency key: ours means that an earlier attempt of this very admission was committed. */
async function ownerOfKey({
  sql,
  item,
}: {
  sql: Sql
  item: ScopedAdmission
}): Promise<AdmitOutcome | undefined> {
  const { paymentKey, idempotencyKey } = item.admission
  const [paid] = await selectCalls({ sql, where: 'payment_key = $1', values: [paymentKey] })
  const call =
    paid ??
    (idempotencyKey === undefined ? undefined : await findByIdempotencyKey({ sql, key: idempotencyKey }))
  if (!call) return undefined
  return call.callId === item.admission.callId ? { kind: 'admitted' } : { kind: 'duplicate', call }
}

async function writeChannel({
  sql,
  id,
  state,
}: {
  sql: Sql
  id: bigint
  state: ChannelState
}): Promise<void> {
  await sql.query(
    `update balances set debits_pending = $2::numeric + refunds_pending, voucher_max = $3, voucher_signature = $4,
       turn_payer = $5, turn_quotes = $6, turn_reserved = $7, turn_expires_at_ms = $8 where account_id = $1`,
    [
      id.toString(),
      state.heldAtomic.toString(),
      (state.highest?.maxAtomic ?? 0n).toString(),
      state.highest?.signature ?? null,
      state.turn?.payer ?? null,
      state.turn ? [...state.turn.quoteNonces] : null,
      (state.turn?.reservedAtomic ?? 0n).toString(),
      state.turn?.expiresAtMs ?? 0,
    ],
  )
}

async function insertAdmission({ sql, item }: { sql: Sql; item: ScopedAdmission }): Promise<boolean> {
  const rows = await sql.query(
    `insert into admissions (${admissionNames}) select ${admissionValues} from ${admissionInput.replace('as t(', 'as i(')}
     on conflict do nothing returning call_id`,
    admissionLiterals([item]),
  )
  return rows.length === 1
}

async function addHolds({ sql, item }: { sql: Sql; item: ScopedAdmission }): Promise<void> {
  for (const { accountId, amount, isChannel, exposureLimit, budget } of item.scopes) {
    if (isChannel) continue
    const limit = exposureLimit ?? (budget?.rollingFromMs === undefined ? budget?.limit : undefined)
    await sql.query(
      `update balances set debits_pending = debits_pending + $2::numeric,
         credit_limit = case when $5 < terms_version then credit_limit else coalesce($3, credit_limit) end,
         terms_version = greatest(terms_version, $5), moved_at_ms = greatest(moved_at_ms, $4) where account_id = $1`,
      [
        accountId.toString(),
        amount.toString(),
        limit?.toString() ?? null,
        item.admission.atMs,
        budget?.version ?? null,
      ],
    )
  }
}

/** The first scope that cannot carry its hold; channels are judged by their own rule. */
function refusalOf({
  item,
  rows,
}: {
  item: ScopedAdmission
  rows: Map<bigint, Row>
}): AdmitOutcome | undefined {
  const taken = new Map<bigint, bigint>()
  for (const { accountId, account, amount, isChannel, exposureLimit, budget } of item.scopes) {
    if (isChannel || budget) continue
    const row = rows.get(accountId)
    if (exposureLimit !== undefined && row?.['deposits_only'] === true) return { kind: 'deposits_only' }
    const available = row ? availableIn(row, exposureLimit) - (taken.get(accountId) ?? 0n) : 0n
    if (available < amount)
      return { kind: 'refused', account, availableAtomic: available > 0n ? available : 0n }
    taken.set(accountId, (taken.get(accountId) ?? 0n) + amount)
  }
  return undefined
}

/** A deposit that would leave the call uncovered is not worth a transaction: its client is told the channel's true state. */
const isEnough = ({
  state: { balanceAtomic, chargedAtomic, heldAtomic },
  ceilingAtomic,
  depositAtomic,
}: {
  state: ChannelState
  ceilingAtomic: bigint
  depositAtomic: bigint | undefined
}) =>
  depositAtomic !== undefined && balanceAtomic + depositAtomic >= chargedAtomic + heldAtomic + ceilingAtomic

/** What the channel's rule says; a state that does not admit the call is written at once. */
async function askChannel({
  sql,
  item: { admission, scopes },
  rows,
}: {
  sql: Sql
  item: ScopedAdmission
  rows: Map<bigint, Row>
}): Promise<AdmitOutcome | { readonly kind: 'fits'; readonly id?: bigint; readonly state?: ChannelState }> {
  const scope = scopes.find(({ isChannel }) => isChannel)
  if (!scope || !admission.channel) return { kind: 'fits' }
  const row = rows.get(scope.accountId)
  if (!row) return { kind: 'unknown_channel' }
  const state = channelStateOf(row)
  const verdict = admitVoucher({
    state,
    voucher: admission.channel.voucher,
    ceilingAtomic: scope.amount,
    payer: admission.channel.payer,
    unclaimedLimitAtomic: admission.channel.unclaimedLimitAtomic,
    quoteNonce: admission.channel.quoteNonce,
    correctiveQuoteNonce: admission.channel.newQuoteNonce,
    nowMs: admission.atMs,
    mayDeposit: isEnough({
      state,
      ceilingAtomic: scope.amount,
      depositAtomic: admission.channel.depositAtomic,
    }),
  })
  if (verdict.kind === 'wait') return verdict
  if (verdict.kind === 'withdrawing' || verdict.kind === 'unclaimed') return { kind: verdict.kind }
  if (verdict.kind === 'admit') return { kind: 'fits', id: scope.accountId, state: verdict.state }
  await writeChannel({ sql, id: scope.accountId, state: verdict.state })
  return verdict.kind === 'deposit' ? { kind: 'deposit' } : { kind: 'corrective', channel: verdict.state }
}

/**
 * What can be said without a lock: who has a key never changes, and an account that cannot carry the hold at this moment
 * may refuse it. In a flood of replays and refusals nobody then waits for anybody.
 */
async function refuseEarly({
  sql,
  item,
}: {
  sql: Sql
  item: ScopedAdmission
}): Promise<AdmitOutcome | undefined> {
  const owner = await ownerOfKey({ sql, item })
  if (owner) return owner
  const rows = await readScopes({ sql, scopes: item.scopes })
  const others = await siblingSums({ sql, budgets: item.scopes.map(({ budget }) => budget) })
  const budgets = judgeBudgets({ scopes: item.scopes, rows, others })
  return budgets.kind === 'over_budget' ? budgets : refusalOf({ item, rows })
}

/**
 * W1 for one call that the group statement did not admit: finds out why, under the same locks in the same order, and
 * gives channels their turns. Budgets are asked first, then the payment's account: whom a budget refuses is not asked to pay, and a
 * refusal writes nothing.
 */
export async function admitExactly({
  database,
  item,
}: {
  database: Database
  item: ScopedAdmission
}): Promise<AdmitOutcome> {
  const early = await refuseEarly({ sql: database, item })
  if (early) return early
  return database.transaction(async (sql): Promise<AdmitOutcome> => {
    await lockCounters({ sql, scopes: item.scopes })
    const beside = await siblingIds({ sql, scopes: item.scopes })
    const rows = await readScopes({ sql, scopes: item.scopes, lock: true, beside })
    const owner = await ownerOfKey({ sql, item })
    if (owner) return owner
    const others = await siblingSums({ sql, budgets: item.scopes.map(({ budget }) => budget) })
    const budgets = judgeBudgets({ scopes: item.scopes, rows, others })
    if (budgets.kind === 'over_budget') return budgets
    const refusal = refusalOf({ item, rows })
    if (refusal) return refusal
    const verdict = await askChannel({ sql, item, rows })
    if (verdict.kind !== 'fits') return verdict
    // The key may have been taken since, by a call on other accounts; the winner is committed by now.
    if (!(await insertAdmission({ sql, item }))) {
      return (await ownerOfKey({ sql, item })) ?? { kind: 'admitted' }
    }
    if (verdict.state && verdict.id !== undefined) {
      await writeChannel({ sql, id: verdict.id, state: verdict.state })
    }
    await addHolds({ sql, item })
    await moveRoom({ sql, scopes: item.scopes })
    return budgets
  })
}
