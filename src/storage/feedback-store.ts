import type { FeedbackStore, Observation, SiteRow } from '../call/feedback-ports.ts'
import { LIMITS } from '../lib/limits.ts'
import type { Database, Row, Sql } from './database/database.ts'
import { integer, text } from './database/row.ts'

/** The share that is left of a sum between two times; a very small one would be an error, not a zero. */
const left = (from: string, until: string) =>
  `exp(-least(600, greatest(0, ${until} - ${from})::float8 * ln(2) / ${LIMITS.feedbackHalfLifeMs}))`

/** Payers with fewer calls at a site have no vote there. */
const VOTING_SAMPLES = 5

const jsonOf = ({ callId, kind, site, payer, modelId, evidence, atMs }: Observation) => ({
  call_id: callId,
  kind,
  site,
  payer,
  model: modelId,
  at_ms: atMs,
  // A repeat is evidence of a call that was counted when it was answered.
  samples: kind === 'answer' ? 1 : 0,
  good: evidence.good,
  bad: evidence.bad,
})

const OBSERVE = `
  with told as (
    select distinct on (call_id, kind) * from jsonb_to_recordset($1::jsonb) as one(call_id text, kind text, site text, payer text,
      model text, at_ms bigint, samples float8, good float8, bad float8)
  ), fresh as (
    insert into observations (call_id, kind, site, payer, model, at_ms)
    select call_id, kind, site, payer, model, at_ms from told on conflict do nothing returning call_id, kind
  ), sums as (
    select site, payer, model, sum(samples) as samples, sum(good) as good, sum(bad) as bad, max(at_ms) as at_ms
    from told join fresh using (call_id, kind) group by site, payer, model order by site, payer, model
  )
  insert into call_sites (site, payer, model, samples, seen_good, seen_bad, told_good, told_bad, at_ms)
  select site, payer, model, samples, good, bad, 0, 0, at_ms from sums
  on conflict (site, payer, model) do update set
    samples = call_sites.samples * ${left('call_sites.at_ms', 'excluded.at_ms')} + excluded.samples,
    seen_good = call_sites.seen_good * ${left('call_sites.at_ms', 'excluded.at_ms')} + excluded.seen_good,
    seen_bad = call_sites.seen_bad * ${left('call_sites.at_ms', 'excluded.at_ms')} + excluded.seen_bad,
    told_good = call_sites.told_good * ${left('call_sites.at_ms', 'excluded.at_ms')},
    told_bad = call_sites.told_bad * ${left('call_sites.at_ms', 'excluded.at_ms')},
    at_ms = greatest(call_sites.at_ms, excluded.at_ms)`

/** Words whose call is known and that the counters do not have as they are now. Dated by their call, so that taking one back is exact. */
const COUNT_WORDS = `
  with due as (
    select f.call_id, f.good - f.counted_good as good, f.bad - f.counted_bad as bad, o.site, o.payer, o.model, o.at_ms
    from feedback f join observations o on o.call_id = f.call_id and o.kind = 'answer'
    where f.call_id = any($1::text[]) and (f.good <> f.counted_good or f.bad <> f.counted_bad)
    order by f.call_id for update of f
  ), marked as (
    update feedback set counted_good = feedback.good, counted_bad = feedback.bad
    from due where feedback.call_id = due.call_id
  ), sums as (
    select c.site, c.payer, c.model, sum(due.good * ${left('due.at_ms', 'c.at_ms')}) as good,
      sum(due.bad * ${left('due.at_ms', 'c.at_ms')}) as bad
    from due join call_sites c using (site, payer, model) group by c.site, c.payer, c.model
  )
  update call_sites set told_good = greatest(0, told_good + sums.good), told_bad = greatest(0, told_bad + sums.bad)
  from sums where call_sites.site = sums.site and call_sites.payer = sums.payer and call_sites.model = sums.model`

const PUT_WORD = `
  insert into feedback (call_id, score, reason, good, bad, counted_good, counted_bad, at_ms)
  values ($1, $2, $3, $4, $5, 0, 0, $6)
  on conflict (call_id) do update set score = excluded.score, reason = excluded.reason, good = excluded.good, bad = excluded.bad,
    at_ms = excluded.at_ms
  where excluded.good + excluded.bad >= feedback.good + feedback.bad - 1e-9
  returning (xmax <> 0) as is_replaced`

const countersOf = (row: Row): SiteRow => ({
  site: text(row['site']),
  payer: text(row['payer']),
  modelId: text(row['model']),
  counters: {
    samples: Number(row['samples']),
    seenGood: Number(row['seen_good']),
    seenBad: Number(row['seen_bad']),
    toldGood: Number(row['told_good']),
    toldBad: Number(row['told_bad']),
    atMs: integer(row['at_ms']),
  },
})

const sharedOf = (row: Row): SiteRow => ({
  site: text(row['site']),
  payer: '',
  modelId: text(row['model']),
  shared: { payers: integer(row['payers']), share: Number(row['share']) },
})

const countWords = (sql: Sql, callIds: readonly string[]) => sql.query(COUNT_WORDS, [callIds])

/** Counters of call sites, the words of payers, and which call was counted where. */
export function openFeedbackStore({ database }: { database: Database }): FeedbackStore {
  return {
    observe: (observations) =>
      database.transaction(async (sql) => {
        await sql.query(OBSERVE, [JSON.stringify(observations.map(jsonOf))])
        await countWords(
          sql,
          observations.map(({ callId }) => callId),
        )
      }),
    putWord: ({ callId, score, reason, evidence: { good, bad }, atMs }) =>
      database.transaction(async (sql) => {
        const [put] = await sql.query(PUT_WORD, [callId, score, reason ?? null, good, bad, atMs])
        if (!put) return 'outweighed'
        await countWords(sql, [callId])
        const [observed] = await sql.query(
          `select 1 from observations where call_id = $1 and kind = 'answer'`,
          [callId],
        )
        return { isReplaced: put['is_replaced'] === true, isCounted: observed !== undefined }
      }),
    async listSites({ keys, nowMs }) {
      const [sites, payers] = [keys.map(({ site }) => site), keys.map(({ payer }) => payer)]
      const own = await database.query(
        `select c.* from call_sites c
         join unnest($1::text[], $2::text[]) as asked(site, payer) on c.site = asked.site and c.payer = asked.payer`,
        [sites, payers],
      )
      const shared = await database.query(
        `select site, model, count(*) as payers, avg(seen_good / (seen_good + seen_bad)) as share from call_sites
         where site = any($1::text[]) and seen_good + seen_bad > 0
           and samples * ${left('at_ms', '$2::bigint')} >= ${VOTING_SAMPLES}
         group by site, model`,
        [[...new Set(sites)], nowMs],
      )
      return [...own.map(countersOf), ...shared.map(sharedOf)]
    },
    async prune({ nowMs }) {
      // A word and its call that were written at the very same moment may have missed one another.
      const late = await database.query(
        `select f.call_id from feedback f join observations o on o.call_id = f.call_id and o.kind = 'answer'
         where f.good <> f.counted_good or f.bad <> f.counted_bad limit $1`,
        [LIMITS.groupSize],
      )
      const callIds = late.map((row) => text(row['call_id']))
      if (callIds.length > 0) await countWords(database, callIds)
      await database.query('delete from observations where at_ms < $1', [nowMs - LIMITS.feedbackWindowMs])
      await database.query('delete from feedback where at_ms < $1', [nowMs - LIMITS.feedbackKeptMs])
      await database.query('delete from call_sites where at_ms < $1', [nowMs - LIMITS.callSiteKeptMs])
      await database.query(
        `delete from call_sites using (
           select site, payer, model, row_number() over (partition by payer order by at_ms desc, site, model) as place from call_sites
         ) as ranked
         where ranked.place > $1 and call_sites.site = ranked.site and call_sites.payer = ranked.payer
           and call_sites.model = ranked.model`,
        [LIMITS.callSitesPerPayer],
      )
    },
  }
}
