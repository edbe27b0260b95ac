/** As JSON.stringify writes it. */
const json = (text: string) => `to_json(${text})::text`

/** A text of ids as base64url, as alerts/coalesce's eventId makes it. */
const base64url = (text: string) =>
  `translate(encode(convert_to(${text}, 'UTF8'), 'base64'), E'+/=\\n', '-_')`

const written = (amount: string) =>
  `case when w.metric = 'usd' then trim_scale(${amount} * 0.000000000001)::text else ${amount}::text end`

/**
 * The alerts of `crossed` (account_id, credit_limit, debits_posted, moved_at_ms, p) as rows of the outbox: governance's events written in
 * SQL, since nobody else knows in the commit which capture crosses. A test holds ids and data equal to those of newEvent.
 */
export const crossingEvents = `
  select 'evt_' || ${base64url(
    `'["' || e.type || '",' || ${json(`coalesce(w.organization_id, '')`)} || ',' || ${json('w.budget_id')} || ',' || ${json('w.level_id')}
      || ',' || ${json('w.window_id')} || ',"' || c.p || '"]'`,
  )}, coalesce(w.organization_id, 'public'), e.type, c.moved_at_ms, c.moved_at_ms,
    jsonb_build_object('budget_id', w.budget_id, 'scope', w.level, 'scope_id', w.level_id, 'metric', w.metric, 'window', w.window_id,
      'limit', ${written('c.credit_limit')}, 'spent', ${written('c.debits_posted')}, 'percent', c.p,
      'resets_at', to_char(to_timestamp(w.resets_at_ms / 1000.0) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
  from crossed c join budget_windows w on w.account_id = c.account_id
  cross join lateral (select case when c.p >= 100 then 'budget.exhausted' else 'budget.threshold' end as type) e`
