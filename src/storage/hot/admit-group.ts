import type { Scope as BudgetScope } from '../../governance/budgets/admit.ts'
import { scopeOfTerms } from '../budget-rows.ts'
import type { Database, HotStatement, Row } from '../database.ts'
import { big, integer } from '../row.ts'
import {
  ADMISSION_COLUMNS,
  admissionInput,
  admissionLiterals,
  admissionNames,
  admissionValues,
} from './admission-columns.ts'
import { booleanArray, numberArray, textArray } from './arrays.ts'
import type { Scope, ScopedAdmission } from './scoped-admission.ts'

const parameter = (offset: number) => `$${ADMISSION_COLUMNS.length + offset}`

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
 * A budget's limit comes with the call, as an exposure's does, unless the budget was changed since by somebody who knows it better.
 * `beyond` tells of soft budgets that admitted calls go beyond. A group without budgets is spared all of it, by a statement of its own.
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
    ${parameter(4)}::numeric[], ${parameter(5)}::numeric[], ${parameter(6)}::numeric[], ${parameter(7)}::text[]${budgets(`, ${parameter(10)}::integer[], ${parameter(11)}::boolean[]`)})
    as t(n, account_id, amount, given_limit, unclaimed, voucher_max, voucher_signature${budgets(', terms_version, is_hard')})
), acct as materialized (
  select account_id, kind, credit_limit, deposits_only, claimed,${budgets(' debits_posted, debits_pending, terms_version as row_version,')} voucher_max as highest,
    credit_limit + credits_posted - debits_posted - debits_pending as available,
    debits_posted - refunds_posted as charged, published_max as published,
    debits_posted - refunds_posted + debits_pending - refunds_pending as committed,
    withdraw_requested_at > 0 or (turn_payer is not null and turn_expires_at_ms > ${parameter(8)}::bigint) as needs_rule
  from balances where account_id = any(${parameter(9)}::bigint[])
  order by account_id for update
), running as (
  select s.*, a.kind, a.credit_limit, a.deposits_only, a.claimed, a.highest, a.available, a.charged, a.published, a.committed, a.needs_rule,
    ${budgets('a.debits_posted, a.debits_pending, case when s.terms_version < a.row_version then a.credit_limit else s.given_limit end', 's.given_limit')} as exposure,
    sum(s.amount) over arrival as total, max(s.voucher_max) over arrival as newest
  from scope s left join acct a on a.account_id = s.account_id
  window arrival as (partition by s.account_id order by s.n rows unbounded preceding)
), checked as materialized (
  select n, account_id, amount, exposure, voucher_max, voucher_signature,
    ${budgets(`terms_version, is_hard, debits_posted, debits_pending, kind = 'budget' as is_budget,`)} bool_and(coalesce(case kind
      when 'channel' then not needs_rule and total <= available and greatest(highest, newest) >= committed + total
        and voucher_max >= charged + amount and voucher_max > published
        and (committed + total - amount <= claimed or committed + total - claimed <= unclaimed)
      when 'exposure' then not deposits_only and total <= available - credit_limit + exposure
      ${budgets(`when 'budget' then not is_hard or amount = 0 or total <= available - credit_limit + exposure`)}
      else total <= available end, false)) over (partition by account_id) as fits
  from running
), fresh as (
  insert into admissions (${admissionNames})
  select ${admissionValues} from input i
  where not exists (select 1 from checked c where c.n = i.n and not c.fits)
  order by i.payment_key, i.n
  on conflict do nothing
  returning call_id
), delta as (
  select c.account_id, sum(c.amount) filter (where f.call_id is not null) as amount,
    max(c.voucher_max) as voucher_max,
    (array_agg(c.voucher_signature order by c.voucher_max desc nulls last, c.n))[1] as voucher_signature,
    (array_agg(c.exposure order by c.n desc))[1] as exposure${budgets(', max(c.terms_version) as terms_version')}
  from checked c join input i on i.n = c.n left join fresh f on f.call_id = i.call_id
  where c.fits
  group by c.account_id
), hold as (
  update balances b set
    debits_pending = b.debits_pending + d.amount,
    credit_limit = coalesce(d.exposure, b.credit_limit),
    ${budgets('terms_version = greatest(b.terms_version, d.terms_version),')}
    voucher_signature = case when d.voucher_max > b.voucher_max then d.voucher_signature else b.voucher_signature end,
    voucher_max = greatest(b.voucher_max, d.voucher_max),
    turn_payer = null,
    moved_at_ms = greatest(b.moved_at_ms, ${parameter(8)}::bigint)
  from delta d
  where b.account_id = any(${parameter(9)}::bigint[]) and b.account_id = d.account_id and d.amount is not null
)${budgets(`, beyond as (
  select c.*, c.debits_pending - c.amount
    + sum(c.amount) over (partition by c.account_id order by c.n rows unbounded preceding) as held
  from checked c join input i on i.n = c.n join fresh f on f.call_id = i.call_id where c.is_budget
)`)}
select i.n, null::bigint as account_id, null::numeric as spent, null::numeric as held, null::numeric as budget_limit from input i
where not exists (select 1 from fresh f where f.call_id = i.call_id)
${budgets(`union all select n, account_id, debits_posted, held, exposure from beyond
where not is_hard and amount > 0 and amount > exposure - debits_posted - held`)}`,
  }
}

export const ADMIT_GROUP = admitStatement(false)
/** The same for a group of which at least one call holds in a budget. */
export const ADMIT_GROUP_BUDGETS = admitStatement(true)

/** False says nothing about why. */
export type GroupAnswer = {
  readonly isAdmitted: boolean
  /** Soft and observed budgets that an admitted call goes beyond, as they stood before it; widest first, as its holds are. */
  readonly exceeded: readonly BudgetScope[]
}

const ADMITTED: GroupAnswer = { isAdmitted: true, exceeded: [] }
const NOT_ADMITTED: GroupAnswer = { isAdmitted: false, exceeded: [] }

/** Commits a group of admissions; answers for every call, in order. */
export async function admitGroup({
  database,
  items,
}: {
  database: Database
  items: readonly ScopedAdmission[]
}): Promise<readonly GroupAnswer[]> {
  const scopes = items.flatMap(({ admission, scopes: own }, index) =>
    own.map((scope) => ({
      ...scope,
      n: index + 1,
      voucher: scope.isChannel ? admission.channel?.voucher : undefined,
    })),
  )
  const hasBudgets = scopes.some(({ budget }) => budget !== undefined)
  const rows = await database.runHot(hasBudgets ? ADMIT_GROUP_BUDGETS : ADMIT_GROUP, [
    ...admissionLiterals(items),
    numberArray(scopes, ({ n }) => n),
    numberArray(scopes, ({ accountId }) => accountId),
    numberArray(scopes, ({ amount }) => amount),
    numberArray(scopes, ({ exposureLimit, budget }) => exposureLimit ?? budget?.limit),
    numberArray(scopes, ({ unclaimedLimit }) => unclaimedLimit),
    numberArray(scopes, ({ voucher }) => voucher?.maxAtomic),
    textArray(scopes, ({ voucher }) => voucher?.signature),
    // A turn counts as active if it is for the earliest of the group: then the calls are asked one by one.
    Math.min(...items.map(({ admission }) => admission.atMs)),
    numberArray([...new Set(scopes.map(({ accountId }) => accountId))], (id) => id),
    ...(hasBudgets ? budgetParameters(scopes) : []),
  ])
  const answers = items.map(() => ADMITTED)
  for (const row of rows) {
    const index = integer(row['n']) - 1
    answers[index] = row['account_id'] === null ? NOT_ADMITTED : beyond(items[index], answers[index], row)
  }
  return answers
}

function beyond(item: ScopedAdmission | undefined, answer: GroupAnswer | undefined, row: Row): GroupAnswer {
  const id = big(row['account_id'])
  const terms = item?.scopes.find(({ accountId }) => accountId === id)?.budget
  if (!answer || !terms) return ADMITTED
  const sums = { limit: big(row['budget_limit']), spent: big(row['spent']), held: big(row['held']) }
  return { ...answer, exceeded: [...answer.exceeded, { ...scopeOfTerms(terms), ...sums }] }
}

const budgetParameters = (scopes: readonly Scope[]) => [
  // A rolling window's slot has the room that is left as its limit, and no call knows it better.
  numberArray(scopes, ({ budget }) => (budget?.rollingFromMs === undefined ? budget?.version : 0)),
  booleanArray(scopes, ({ budget }) => budget === undefined || budget.mode === 'hard'),
]
