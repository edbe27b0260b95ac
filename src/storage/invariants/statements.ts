import { LIMITS } from '../../lib/limits.ts'

/**
 * What must hold after every commit. One SQL statement each; the rows it returns are the violations, so an empty answer is
 * good. `$1` is the time of the check in milliseconds.
 */
export type Invariant = { readonly name: string; readonly says: string; readonly sql: string }

/** Beyond this a running call should have been released: its longest time, its instance's lease, and some air. */
const OVERDUE_MS = LIMITS.callSeconds * 1000 + LIMITS.leaseMs + 60_000
/** Finality of the slowest networks is a quarter of an hour. */
const CLEARING_MS = 3_600_000

export const STATEMENTS: readonly Invariant[] = [
  {
    name: 'entries_balance',
    says: 'Every entry has postings, and every posting moves something from one account to another.',
    sql: `select e.id, $1::bigint from entries e where not exists (select 1 from postings p where p.entry_id = e.id)
      union all select p.id, 0 from ledger_postings p where p.amount <= 0 or p.debit = p.credit`,
  },
  {
    name: 'ledgers_balance',
    says: 'In every ledger the posted debits of all accounts equal the posted credits.',
    sql: `select ledger, sum(side) as difference, $1::bigint from (
        select ledger, amount as side from ledger_postings where kind = 'posted' and debit is not null
        union all select ledger, -amount from ledger_postings where kind = 'posted' and credit is not null
      ) sides group by ledger having sum(side) <> 0`,
  },
  {
    name: 'balances_equal_postings',
    says: 'Every balance row equals the sums of its postings, holds included.',
    sql: `
      with p as materialized (select * from ledger_postings),
      opened as (select p.* from p where kind = 'pending' and not exists (select 1 from p r where r.pending_id = p.id)),
      sums as (
        select ledger, path, sum(dp) as debits_posted, sum(cp) as credits_posted, sum(pending) as debits_pending,
          sum(rp) as refunds_posted, sum(rpending) as refunds_pending from (
          select ledger, debit as path, amount as dp, 0 as cp, 0 as pending,
            case when event in ('channel_refund_seen', 'channel_withdrawn', 'deposit_undone', 'organization_withdrawn') then amount else 0 end as rp, 0 as rpending
          from p where kind = 'posted'
          union all select ledger, credit, 0, amount, 0, case when event in ('channel_withdrawn', 'deposit_undone') then amount else 0 end, 0
          from p where kind = 'posted'
          union all select ledger, debit, 0, 0, amount, 0, case when event = 'channel_refund_held' then amount else 0 end
          from opened
        ) moves group by ledger, path
      )
      select a.ledger, a.path, b.debits_posted, s.debits_posted as sum_debits_posted, b.credits_posted,
        s.credits_posted as sum_credits_posted, b.debits_pending, s.debits_pending as sum_debits_pending, $1::bigint
      from balances b join accounts a on a.id = b.account_id
      left join sums s on s.ledger = a.ledger and s.path = a.path
      where (b.debits_posted, b.credits_posted, b.debits_pending, b.refunds_posted, b.refunds_pending)
        is distinct from (coalesce(s.debits_posted, 0), coalesce(s.credits_posted, 0), coalesce(s.debits_pending, 0),
          coalesce(s.refunds_posted, 0), coalesce(s.refunds_pending, 0))`,
  },
  {
    name: 'limits_hold',
    // What an exposure or a budget may reach is set from outside, and may be lowered below what was promised.
    says: 'No account has spent or promised more than it has.',
    sql: `select a.path, b.*, $1::bigint from balances b join accounts a on a.id = b.account_id
      where b.debits_pending < 0 or b.refunds_pending < 0
        or (b.kind not in ('exposure', 'budget') and b.credit_limit + b.credits_posted - b.debits_posted - b.debits_pending < 0)`,
  },
  {
    name: 'holds_resolve_once',
    says: 'Every post or void has its hold, no hold is resolved twice, and none is posted above its amount.',
    sql: `select r.pending_id, count(*), $1::bigint from ledger_postings r
      left join ledger_postings p on p.id = r.pending_id and p.kind = 'pending'
      where r.pending_id is not null group by r.pending_id, p.amount
      having count(*) > 1 or p.amount is null or coalesce(sum(r.amount) filter (where r.kind = 'posted'), 0) > p.amount
      union all select c.call_id, 0, 0 from captures c
      where not exists (select 1 from admissions a where a.call_id = c.call_id)`,
  },
  {
    name: 'calls_end',
    says: 'No call is open beyond its longest time.',
    sql: `select a.call_id, a.instance from admissions a
      where a.at_ms < $1::bigint - ${OVERDUE_MS} and not exists (select 1 from captures c where c.call_id = a.call_id)`,
  },
  {
    name: 'charges_are_bounded',
    says: 'No charge is above what the caller signed.',
    sql: `select a.call_id, $1::bigint from admissions a join captures c on c.call_id = a.call_id
      where c.charge > a.ceiling or c.charge < 0`,
  },
  {
    name: 'payments_are_used_once',
    says: 'One payment buys one call, and one on-chain authorisation is one funding.',
    sql: `select encode(payment_key, 'hex'), $1::bigint from admissions group by payment_key having count(*) > 1
      union all select encode(key, 'hex'), 0 from fundings group by key having count(*) > 1`,
  },
  {
    name: 'nonces_are_contiguous',
    says: "A signing key's nonces run without a gap from its first to its next, one transaction each.",
    sql: `select l.network, l.address, $1::bigint from lanes l
      left join transactions t on t.network = l.network and t.address = l.address
      group by l.network, l.address, l.first_nonce, l.next_nonce
      having count(t.nonce) <> l.next_nonce - l.first_nonce or count(distinct t.nonce) <> count(t.nonce)
        or min(t.nonce) < l.first_nonce or max(t.nonce) >= l.next_nonce`,
  },
  {
    name: 'settlements_have_their_transaction',
    says: 'What is signed, seen or final has exactly one transaction, which is as far; no two share one.',
    sql: `
      with intents as (
        select 'funding' as kind, id, state, transaction_id from fundings where adopted_hash is null
        union all select 'settlement', call_id, state, transaction_id from settlements
        union all select 'refund', id, state, transaction_id from refunds where foreign_hash is null
      )
      select i.kind, i.id, i.state, t.state as transaction_state, $1::bigint from intents i
      left join transactions t on t.id = i.transaction_id
      where (i.state in ('signed', 'seen', 'final') and t.id is null)
        or (i.state in ('seen', 'final') and t.state not in ('seen', 'final'))
        or (i.state = 'final' and t.state <> 'final')
        or (t.id is not null and exists (
          select 1 from intents o where o.transaction_id = i.transaction_id and (o.kind, o.id) <> (i.kind, i.id)))`,
  },
  {
    name: 'charges_are_settled',
    says: 'Every `upto` call with a charge has a settlement, and no other call has one.',
    sql: `select coalesce(c.call_id, s.call_id), $1::bigint from
        (select c.call_id from captures c join admissions a on a.call_id = c.call_id
         where a.scheme = 'upto' and c.charge > 0) c
      full join settlements s on s.call_id = c.call_id where c.call_id is null or s.call_id is null`,
  },
  {
    name: 'losses_are_remembered',
    says: 'A payer whose `upto` charge was written off has no credit left in any ledger.',
    sql: `select s.call_id, a.payer_id, $1::bigint from settlements s join admissions a on a.call_id = s.call_id
      join accounts c on c.path = 'receivable:' || a.payer_id join balances b on b.account_id = c.id
      where s.state = 'failed' and not b.deposits_only`,
  },
  {
    name: 'clearing_clears',
    says: 'What was seen on chain becomes final within an hour.',
    sql: `select e.id from entries e
      where e.event in ('deposit_seen', 'exact_seen', 'upto_seen') and e.at_ms < $1::bigint - ${CLEARING_MS}
        and not exists (select 1 from entries f
          where f.id in (replace(e.id, '_seen:', '_final:'), replace(e.id, '_seen:', '_undone:')))`,
  },
  {
    name: 'channels_are_covered',
    says: 'Charged and held stay within the highest voucher and the balance, and claims within the charges.',
    sql: `select a.path, b.*, $1::bigint from balances b join accounts a on a.id = b.account_id
      cross join lateral (select b.debits_posted - b.refunds_posted as charged,
        b.debits_pending - b.refunds_pending as held, b.credits_posted - b.refunds_posted - b.refunds_pending as balance) s
      where b.kind = 'channel'
        and (s.charged + s.held > b.voucher_max or s.charged + s.held > s.balance or b.claimed > s.charged or s.held < 0)`,
  },
]
