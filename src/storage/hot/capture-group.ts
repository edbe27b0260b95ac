import type { Capture } from '../../call/types.ts'
import type { Database, HotStatement, Row } from '../database/database.ts'
import { big, integer } from '../database/row.ts'
import { booleanArray, numberArray, textArray } from './arrays.ts'
import { crossingEvents } from './crossing-events.ts'

type Column = {
  readonly name: string
  readonly type: string
  readonly literal: (items: readonly Capture[]) => string
}

const textColumn = (name: string, read: (capture: Capture) => string | undefined): Column => ({
  name,
  type: 'text',
  literal: (items) => textArray(items, read),
})
const numberColumn = (
  name: string,
  type: string,
  read: (capture: Capture) => bigint | number | undefined,
): Column => ({ name, type, literal: (items) => numberArray(items, read) })
const booleanColumn = (name: string, read: (capture: Capture) => boolean): Column => ({
  name,
  type: 'boolean',
  literal: (items) => booleanArray(items, read),
})

/** What the caller says, except the charge, which the admission bounds. */
const PLAIN_COLUMNS: readonly Column[] = [
  textColumn('outcome', ({ outcome }) => outcome),
  numberColumn('cost', 'numeric', ({ costPicoUsd }) => costPicoUsd),
  numberColumn('input_uncached', 'bigint', ({ usage }) => usage.inputUncached),
  numberColumn('cache_read', 'bigint', ({ usage }) => usage.cacheRead),
  numberColumn('cache_write', 'bigint', ({ usage }) => usage.cacheWrite),
  numberColumn('cache_write_hour', 'bigint', ({ usage }) => usage.cacheWriteHour),
  numberColumn('output_text', 'bigint', ({ usage }) => usage.outputText),
  numberColumn('reasoning', 'bigint', ({ usage }) => usage.reasoning),
  numberColumn('images', 'bigint', ({ usage }) => usage.images),
  numberColumn('audio', 'bigint', ({ usage }) => usage.audio),
  booleanColumn('usage_estimated', ({ usageEstimated }) => usageEstimated),
  textColumn('endpoint', ({ endpointId }) => endpointId),
  textColumn('provider', ({ providerId }) => providerId),
  textColumn('finish_reason', ({ finishReason }) => finishReason),
  textColumn('error_code', ({ errorCode }) => errorCode),
  booleanColumn('delivered', ({ delivered }) => delivered),
  numberColumn('first_content_ms', 'integer', ({ firstContentMs }) => firstContentMs),
  numberColumn('total_ms', 'integer', ({ totalMs }) => totalMs),
  numberColumn('at_ms', 'bigint', ({ atMs }) => atMs),
]
const COLUMNS: readonly Column[] = [
  textColumn('call_id', ({ callId }) => callId),
  numberColumn('charge', 'numeric', ({ chargeAtomic }) => chargeAtomic),
  numberColumn('charge_pico_usd', 'numeric', ({ chargePicoUsd }) => chargePicoUsd),
  ...PLAIN_COLUMNS,
]
const names = (columns: readonly Column[], prefix = '') =>
  columns.map(({ name }) => `${prefix}"${name}"`).join(', ')

/**
 * W3 for a group of calls, in one statement and one commit: posts or voids the holds, and leaves the settlement intent.
 *
 * Scopes, held amounts and the bound of the charge come from the stored admission, never from the caller. Rows are
 * locked before anything is inserted, in the order of their ids, as admissions do. `channel_charged` is the channel's
 * sum of charges just after each call, so that the claim that covers it can be found later.
 *
 * Budgets that count tokens or calls are posted by what was used. Thresholds that a budget reaches become alerts in the same commit: under the
 * row's lock exactly one capture crosses.
 *
 * The answer has a row for every call that is on a channel, whose charge was bounded, or that was not captured now (its
 * capture exists, or its admission does not).
 */
const captureStatement = (hasBudgets: boolean): HotStatement => {
  const budgets = (text: string, otherwise = '') => (hasBudgets ? text : otherwise)
  return {
    name: budgets('capture_group_budgets', 'capture_group'),
    text: `
with input as materialized (
  select * from unnest(${COLUMNS.map(({ type }, index) => `$${index + 1}::${type}[]`).join(', ')})
    with ordinality as t(${names(COLUMNS)}, n)
), admitted as materialized (
  select call_id, scheme, network, decimals, ceiling, hold_accounts, hold_amounts, hold_usd${budgets(', hold_counts')}, channel_id from admissions
  where call_id = any($1::text[])
    and call_id <> all(array(select call_id from captures where call_id = any($1::text[])))
), bounded as materialized (
  select i.n, a.*, least(i.charge, a.ceiling) as bound,
    case when i.charge > a.ceiling
      then least(i.charge_pico_usd, trunc(a.ceiling * power(10::numeric, 12 - a.decimals))) else i.charge_pico_usd
    end as bound_pico_usd${budgets(`,
    case when i.charge = 0 and (a.ceiling > 0 or i.outcome in ('failed', 'abandoned')) then 0 else 1 end as requests,
    i.input_uncached + i.cache_read + i.cache_write + i.cache_write_hour + i.output_text + i.reasoning as tokens`)}
  from input i join admitted a on a.call_id = i.call_id
), scope as materialized (
  select b.n, b.call_id, h.account_id, h.number, h.amount,
    least(case ${budgets(`when h.counts is not null then case h.counts when 'tokens' then b.requests * b.tokens else b.requests end`)}
      when h.usd then b.bound_pico_usd else b.bound end, h.amount) as posted
  from bounded b cross join lateral
    unnest(b.hold_accounts, b.hold_amounts, b.hold_usd${budgets(', b.hold_counts')})
      with ordinality as h(account_id, amount, usd${budgets(', counts')}, number)
), acct as materialized (
  select account_id, kind, debits_posted - refunds_posted as charged${budgets(', told')} from balances
  where account_id = any(array(select account_id from scope)) order by account_id for update
), running as materialized (
  select s.call_id, a.account_id, a.charged + sum(s.posted) over (partition by s.account_id order by s.n) as charged
  from scope s join acct a on a.account_id = s.account_id where a.kind = 'channel'
), done as (
  insert into captures (call_id, charge, charge_pico_usd, ${names(PLAIN_COLUMNS)}, channel_charged)
  select i.call_id, b.bound, b.bound_pico_usd, ${names(PLAIN_COLUMNS, 'i.')}, r.charged
  from input i join bounded b on b.n = i.n left join running r on r.call_id = i.call_id
  on conflict do nothing
  returning call_id, charge, charge_pico_usd, channel_charged, at_ms
), intent as (
  insert into settlements (call_id, network, state)
  select d.call_id, b.network, 'due' from done d join bounded b on b.call_id = d.call_id
  where b.scheme = 'upto' and d.charge > 0
  on conflict do nothing
), delta as (
  select s.account_id, sum(s.amount) as held, sum(s.posted) as posted, max(d.at_ms) as at_ms
  from scope s join done d on d.call_id = s.call_id group by s.account_id
), moved as (
  update balances b set
    debits_pending = b.debits_pending - d.held,
    debits_posted = b.debits_posted + d.posted,
    unclaimed_since_ms = case when d.posted > 0 and b.debits_posted - b.refunds_posted = b.claimed
      then d.at_ms else b.unclaimed_since_ms end,
    moved_at_ms = greatest(b.moved_at_ms, d.at_ms)${budgets(`,
    told = case when b.thresholds is null then b.told else b.told || array(
      select p from unnest(b.thresholds) p where p <> all(b.told) and b.debits_posted + d.posted > 0
        and (b.debits_posted + d.posted) * 100 >= b.credit_limit * p) end`)}
  from delta d
  where b.account_id = any(array(select account_id from scope)) and b.account_id = d.account_id
  returning b.*
)${budgets(`, crossed as (
  select m.account_id, m.credit_limit, m.debits_posted, m.moved_at_ms, p
  from moved m join acct a on a.account_id = m.account_id cross join lateral unnest(m.told) p
  where m.thresholds is not null and p <> all(a.told)
), alert as (
  insert into outbox_events (id, organization_id, type, at_ms, last_at_ms, data)
  ${crossingEvents}
  on conflict do nothing
)`)}
select i.n, d.call_id is not null as is_done, d.charge as bound, d.charge_pico_usd as bound_pico_usd,
  d.channel_charged, m.*
from input i
left join done d on d.call_id = i.call_id
left join running r on r.call_id = i.call_id
left join moved m on m.account_id = r.account_id
where d.call_id is null or d.charge <> i.charge or m.account_id is not null`,
  }
}

export const CAPTURE_GROUP = captureStatement(false)
/** The same for a group of which at least one call holds in a budget. */
export const CAPTURE_GROUP_BUDGETS = captureStatement(true)

/** What the database did with one capture of a group. */
export type CaptureResult =
  | {
      readonly kind: 'captured'
      readonly chargeAtomic: bigint
      readonly chargePicoUsd: bigint
      /** The channel's balance row as it is after the group, with `channel_charged` as it was after this call. */
      readonly channelRow?: Row
    }
  /** Captured before, or never admitted. */
  | { readonly kind: 'not_captured' }

/** Commits a group of captures with different call ids; answers in their order. */
export async function captureGroup({
  database,
  items,
  hasBudgets = true,
}: {
  database: Database
  items: readonly Capture[]
  /** false: none of the calls holds in a budget, which only who has admitted all of them knows. */
  hasBudgets?: boolean
}): Promise<readonly CaptureResult[]> {
  const rows = await database.runHot(
    hasBudgets ? CAPTURE_GROUP_BUDGETS : CAPTURE_GROUP,
    COLUMNS.map(({ literal }) => literal(items)),
  )
  const results = items.map(({ chargeAtomic, chargePicoUsd }): CaptureResult => ({
    kind: 'captured',
    chargeAtomic,
    chargePicoUsd,
  }))
  for (const row of rows) {
    results[integer(row['n']) - 1] = row['is_done']
      ? {
          kind: 'captured',
          chargeAtomic: big(row['bound']),
          chargePicoUsd: big(row['bound_pico_usd']),
          ...(row['account_id'] === null ? {} : { channelRow: row }),
        }
      : { kind: 'not_captured' }
  }
  return results
}
