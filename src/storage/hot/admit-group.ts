import type { Database, HotStatement, Row } from '../database/database.ts'
import { big, integer } from '../database/row.ts'
import {
  ADMISSION_COLUMNS,
  admissionInput,
  admissionLiterals,
  admissionNames,
  admissionValues,
} from './admission-columns.ts'
import { booleanArray, numberArray, textArray } from './arrays.ts'
import {
  answersOf,
  budgetTotals,
  type BudgetTotal,
  type GroupAnswer,
  type StandingBudget,
} from './budget-totals.ts'
import type { ScopedAdmission } from './scoped-admission.ts'

const parameter = (offset: number) => `$${ADMISSION_COLUMNS.length + offset}`

/** A budget's limit comes with its calls, as an exposure's does, unless the budget was changed since by somebody who knows it better. */
const BUDGETS_ARE_JUDGED = `, judged as materialized (
  select j.*, j.is_whole and (not j.is_hard or j.total = 0 or j.total <= j.budget_limit - j.debits_posted - j.debits_pending) as fits
  from (
    select b.account_id, b.total, b.is_hard, b.terms_version, b.is_whole and a.account_id is not null as is_whole, a.debits_posted, a.debits_pending,
      case when b.terms_version < a.terms_version then a.credit_limit else b.given_limit end as budget_limit
    from unnest(${parameter(10)}::bigint[], ${parameter(11)}::numeric[], ${parameter(12)}::numeric[], ${parameter(13)}::integer[],
      ${parameter(14)}::boolean[], ${parameter(15)}::boolean[]) as b(account_id, total, given_limit, terms_version, is_hard, is_whole)
    left join acct a on a.account_id = b.account_id
  ) j
), full_ones as materialized (
  select array_agg(account_id) filter (where not fits) as accounts from judged
)`

const BUDGETS_ARE_TAKEN = `, lost as (
  select h.account_id, sum(h.amount) as amount
  from input i cross join lateral unnest(i.hold_accounts::bigint[], i.hold_amounts::numeric[]) as h(account_id, amount)
  where not exists (select 1 from fresh f where f.call_id = i.call_id)
  group by h.account_id
), taken as (
  select j.account_id, j.total - coalesce(l.amount, 0) as amount, j.budget_limit, j.terms_version
  from judged j left join lost l on l.account_id = j.account_id where j.fits
)`

/**
 * W1 for a group of calls, in one statement and one commit.
 *
 * An account admits all of the group's calls or none: where everything fits in the order of arrival the answer is the
 * one that the exact rule would give call by call, and in every other case the calls are asked one by one
 * (admit-exactly). For channels this is payment/channel's admitGroup in SQL; a property test holds the two equal.
 *
 * 1. `acct` locks the balance rows in the order of their ids: the only wait, the same order for every writer. Locked
 *    rows are the newest ones, so the limits hold under concurrency.
 * 2. `checked` runs the sums per account, in the order of arrival.
 * 3. `fresh` is the insert; a payment key that exists makes no row. Its call is then "not admitted", and the exact path
 *    finds out which call has the key.
 * 4. `hold` adds what was inserted. The highest voucher is taken from all calls of the account, inserted or not: their
 *    signatures are good, and later ones of the group may have leaned on them.
 *
 * Budgets come as one row each with the group's sum (hot/budget-totals), since a call counts for many of them and the same ones as its
 * neighbours: `judged` looks at that sum, and `lost` takes off again what calls hold that were not inserted. A group without budgets is spared
 * all of it, by a statement of its own.
 */
const admitStatement = (hasBudgets: boolean): HotStatement => {
  const budgets = (text: string, otherwise = '') => (hasBudgets ? text : otherwise)
  return {
    name: budgets('admit_group_budgets', 'admit_group'),
    text: `
with input as materialized (
  select * from ${admissionInput}
), scope as materialized (
  select * from unnest(${parameter(1)}::bigint[], ${parameter(2)}::bigint[], ${parameter(3)}::numeric[],
    ${parameter(4)}::numeric[], ${parameter(5)}::numeric[], ${parameter(6)}::numeric[], ${parameter(7)}::text[])
    as t(n, account_id, amount, given_limit, unclaimed, voucher_max, voucher_signature)
), acct as materialized (
  select account_id, kind, credit_limit, deposits_only, claimed,${budgets(' debits_posted, debits_pending, terms_version,')} voucher_max as highest,
    credit_limit + credits_posted - debits_posted - debits_pending as available,
    debits_posted - refunds_posted as charged, published_max as published,
    debits_posted - refunds_posted + debits_pending - refunds_pending as committed,
    withdraw_requested_at > 0 or (turn_payer is not null and turn_expires_at_ms > ${parameter(8)}::bigint) as needs_rule
  from balances where account_id = any(${parameter(9)}::bigint[])
  order by account_id for update
), running as (
  select s.*, a.kind, a.credit_limit, a.deposits_only, a.claimed, a.highest, a.available, a.charged, a.published, a.committed, a.needs_rule,
    sum(s.amount) over arrival as total, max(s.voucher_max) over arrival as newest
  from scope s left join acct a on a.account_id = s.account_id
  window arrival as (partition by s.account_id order by s.n rows unbounded preceding)
), checked as materialized (
  select n, account_id, amount, given_limit, voucher_max, voucher_signature, bool_and(coalesce(case kind
      when 'channel' then not needs_rule and total <= available and greatest(highest, newest) >= committed + total
        and voucher_max >= charged + amount and voucher_max > published
        and (committed + total - amount <= claimed or committed + total - claimed <= unclaimed)
      when 'exposure' then not deposits_only and total <= available - credit_limit + given_limit
      else total <= available end, false)) over (partition by account_id) as fits
  from running
)${budgets(BUDGETS_ARE_JUDGED)}, fresh as (
  insert into admissions (${admissionNames})
  select ${admissionValues} from input i
  where not exists (select 1 from checked c where c.n = i.n and not c.fits)${budgets(`
    and ((select accounts from full_ones) is null or not i.hold_accounts::bigint[] && (select accounts from full_ones))`)}
  order by i.payment_key, i.n
  on conflict do nothing
  returning call_id
)${budgets(BUDGETS_ARE_TAKEN)}, delta as (
  select c.account_id, sum(c.amount) filter (where f.call_id is not null) as amount,
    max(c.voucher_max) as voucher_max,
    (array_agg(c.voucher_signature order by c.voucher_max desc nulls last, c.n))[1] as voucher_signature,
    (array_agg(c.given_limit order by c.n desc))[1] as given_limit${budgets(', null::integer as terms_version')}
  from checked c join input i on i.n = c.n left join fresh f on f.call_id = i.call_id
  where c.fits
  group by c.account_id${budgets(`
  union all select account_id, amount, null, null, budget_limit, terms_version from taken`)}
), hold as (
  update balances b set
    debits_pending = b.debits_pending + d.amount,
    credit_limit = coalesce(d.given_limit, b.credit_limit),
    ${budgets('terms_version = greatest(b.terms_version, d.terms_version),')}
    voucher_signature = case when d.voucher_max > b.voucher_max then d.voucher_signature else b.voucher_signature end,
    voucher_max = greatest(b.voucher_max, d.voucher_max),
    turn_payer = null,
    moved_at_ms = greatest(b.moved_at_ms, ${parameter(8)}::bigint)
  from delta d
  where b.account_id = any(${parameter(9)}::bigint[]) and b.account_id = d.account_id and d.amount is not null
)
select i.n, null::bigint as account_id, null::numeric as spent, null::numeric as held, null::numeric as budget_limit from input i
where not exists (select 1 from fresh f where f.call_id = i.call_id)${budgets(`
union all select null, account_id, debits_posted, debits_pending, budget_limit from judged
where fits and not is_hard and total > 0 and total > budget_limit - debits_posted - debits_pending`)}`,
  }
}

export const ADMIT_GROUP = admitStatement(false)
/** The same for a group of which at least one call holds in a budget. */
export const ADMIT_GROUP_BUDGETS = admitStatement(true)

/** Commits a group of admissions; answers for every call, in order. */
export async function admitGroup({
  database,
  items,
}: {
  database: Database
  items: readonly ScopedAdmission[]
}): Promise<readonly GroupAnswer[]> {
  const totals = budgetTotals(items)
  const scopes = items.flatMap(({ admission, scopes: own }, index) =>
    own.flatMap((scope) =>
      scope.budget
        ? []
        : [{ ...scope, n: index + 1, voucher: scope.isChannel ? admission.channel?.voucher : undefined }],
    ),
  )
  const accounts = new Set(scopes.map(({ accountId }) => accountId))
  for (const { accountId } of totals) accounts.add(accountId)
  const rows = await database.runHot(totals.length > 0 ? ADMIT_GROUP_BUDGETS : ADMIT_GROUP, [
    ...admissionLiterals(items),
    numberArray(scopes, ({ n }) => n),
    numberArray(scopes, ({ accountId }) => accountId),
    numberArray(scopes, ({ amount }) => amount),
    numberArray(scopes, ({ exposureLimit }) => exposureLimit),
    numberArray(scopes, ({ unclaimedLimit }) => unclaimedLimit),
    numberArray(scopes, ({ voucher }) => voucher?.maxAtomic),
    textArray(scopes, ({ voucher }) => voucher?.signature),
    // A turn counts as active if it is for the earliest of the group: then the calls are asked one by one.
    Math.min(...items.map(({ admission }) => admission.atMs)),
    numberArray([...accounts], (id) => id),
    ...(totals.length > 0 ? budgetParameters(totals) : []),
  ])
  const admitted = items.map(() => true)
  for (const row of rows) if (row['n'] !== null) admitted[integer(row['n']) - 1] = false
  const standing = rows.filter((row) => row['n'] === null).map(standingOf)
  return answersOf({ items, admitted, standing })
}

const standingOf = (row: Row): StandingBudget => ({
  accountId: big(row['account_id']),
  limit: big(row['budget_limit']),
  spent: big(row['spent']),
  held: big(row['held']),
})

const budgetParameters = (totals: readonly BudgetTotal[]) => [
  numberArray(totals, ({ accountId }) => accountId),
  numberArray(totals, ({ total }) => total),
  numberArray(totals, ({ terms }) => terms.limit),
  // A rolling window's slot has the room that is left as its limit, and no call knows it better.
  numberArray(totals, ({ terms }) => (terms.rollingFromMs === undefined ? terms.version : 0)),
  booleanArray(totals, ({ terms }) => terms.mode === 'hard'),
  booleanArray(totals, ({ isWhole }) => isWhole),
]
