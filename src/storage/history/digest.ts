/**
 * The rows that are never changed, by table: how each is written down to be hashed. The columns are named one by one, so that a
 * column which comes later does not change what old rows say: it is written where it has something to say.
 */
const TABLES: readonly {
  readonly name: string
  readonly from: string
  readonly id: string
  readonly body: string
}[] = [
  {
    name: 'admissions',
    from: 'admissions r',
    id: 'r.call_id',
    body: `encode(r.payment_key, 'hex'), r.scheme, r.network, r.asset, r.decimals, r.payer_kind, r.payer_id, r.organization_id,
        r.principal_id, case when r.voucher_ids is null then to_jsonb(r.key_id) else jsonb_build_array(r.key_id, r.voucher_ids) end, r.hold_accounts, r.hold_amounts,
        case when r.hold_counts is null then to_jsonb(r.hold_usd) else jsonb_build_array(r.hold_usd, r.hold_counts) end, r.ceiling, r.fee, r.request_hash,
        case when r.idempotency_key is null then to_jsonb(r.request_id) else jsonb_build_array(r.request_id, r.idempotency_key) end,
        r.model, r.endpoint, r.provider, r.region, r.instance, 
        case when r.decision is null then to_jsonb(r.strategy) else jsonb_build_array(r.strategy, r.decision) end, r.price_book, r.output_cap, r.estimated_cost,
        r.streamed, r.channel_id, r."authorization", r.at_ms`,
  },
  {
    name: 'attempts',
    from: 'attempts r',
    id: `r.call_id || '#' || r.number`,
    body: `r.endpoint, r.provider, r.region, r.instance, r.at_ms, r.estimated_cost`,
  },
  {
    name: 'captures',
    from: 'captures r',
    id: 'r.call_id',
    body: `r.outcome, r.charge, r.charge_pico_usd, r.cost, r.input_uncached, r.cache_read,
        case when r.cache_write_hour = 0 then to_jsonb(r.cache_write) else jsonb_build_array(r.cache_write, r.cache_write_hour) end,
        r.output_text, r.reasoning, r.images, r.audio, r.usage_estimated, r.endpoint, r.provider, r.finish_reason, r.error_code, r.delivered,
        r.first_content_ms, r.total_ms, r.at_ms, r.channel_charged`,
  },
  {
    name: 'entries',
    from: 'entries r',
    id: 'r.id',
    body: `r.event, r.call_id, r.transaction_id, r.at_ms`,
  },
  {
    name: 'postings',
    from: 'entries r join postings p on p.entry_id = r.id',
    id: `r.id || '#' || p.number`,
    body: `p.ledger, p.debit, p.credit, p.amount, p.kind, p.pending_id`,
  },
]

/** Rows of a span of time, each with its table, its id and the hash of everything in it. */
export const historyRows = (fromMs: string, untilMs: string): string =>
  TABLES.map(
    ({ name, from, id, body }) =>
      `select '${name}' as name, ${id} as id, sha256(convert_to(jsonb_build_array(${id}, ${body})::text, 'UTF8')) as digest
       from ${from} where r.at_ms >= ${fromMs} and r.at_ms < ${untilMs}`,
  ).join(' union all ')

/** Of `historyRows`, chained to the hash before: one row with `row_count` and `hash`. */
export const historyDigest = ({
  fromMs,
  untilMs,
  before,
}: {
  fromMs: string
  untilMs: string
  before: string
}): string =>
  `select count(*)::int as row_count, encode(sha256(convert_to(${before} || coalesce(string_agg(
     E'\\n' || name || ' ' || id || ' ' || encode(digest, 'hex'), '' order by name collate "C", id collate "C"), ''), 'UTF8')), 'hex') as hash
   from (${historyRows(fromMs, untilMs)}) rows`

/** The time of the oldest row at or after \`$1\` and before \`$2\`, and how many there are. */
export const HISTORY_AHEAD = ['admissions', 'attempts', 'captures', 'entries']
  .map((table) => `select at_ms from ${table} where at_ms >= $1 and at_ms < $2`)
  .join(' union all ')
