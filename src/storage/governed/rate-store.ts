import type { RateStore } from '../../call/rules-ports.ts'
import type { Lease } from '../../governance/rates/concurrency.ts'
import { takeRates, type RatesTaken } from '../../governance/rates/take-rates.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { Database, Row, Sql } from '../database/database.ts'
import { openLane } from '../hot/lane.ts'
import { judgeRates, type LimitState, type RateBook, type RateStep } from './judge-rates.ts'
import { big, text } from '../database/row.ts'

/** Ended calls whose end nobody told are swept so often. */
const SWEEP_MS = 60_000
const SWEPT_AT_ONCE = 10_000
/** Limits whose rows are known to be there; beyond that they are asked for anew. */
const REMEMBERED = 100_000

/**
 * Locks the limits of a group in the order of their ids, and tells how they stand, which calls that want to begin have begun, and which that
 * end were open. What is lost of it with the server's power is a second of somebody's rate, so nobody waits for its disk.
 */
const BEGIN = `
  with quick as materialized (select set_config('synchronous_commit', 'off', true) as is_off),
  ended as (delete from rate_calls where call_id = any($2::text[]) returning call_id),
  limits as materialized (select * from rate_states where limit_id = any($1::text[]) order by limit_id for update)
  select 'limit' as kind, limit_id as id, full_again_ns::text, leases from limits
  union all select 'open', call_id, null, null from rate_calls where call_id = any($3::text[])
  union all select 'open', call_id, null, null from ended
  union all select 'quick', is_off, null, null from quick`

const WRITE = `
  with changed as (
    update rate_states s set full_again_ns = i.full_again_ns, leases = i.leases::jsonb
    from unnest($1::text[], $2::bigint[], $3::text[]) as i(limit_id, full_again_ns, leases) where s.limit_id = i.limit_id
  )
  insert into rate_calls (call_id, until_ms) select * from unnest($4::text[], $5::bigint[]) on conflict do nothing`

const SWEEP = `
  delete from rate_calls where call_id = any(array(
    select call_id from rate_calls where until_ms < $1 order by until_ms limit ${SWEPT_AT_ONCE} for update skip locked))`

const limitStateOf = (row: Row): LimitState => ({
  ...(row['full_again_ns'] === null ? {} : { state: { fullAgainNs: big(row['full_again_ns']) } }),
  leases: row['leases'] as readonly Lease[],
})

async function openBook({ sql, steps }: { sql: Sql; steps: readonly RateStep[] }): Promise<RateBook> {
  const ids = new Set(steps.flatMap(({ query }) => query.limits.map(({ id }) => id)))
  const callsOf = (kind: RateStep['kind']) =>
    steps.flatMap((step) => (step.kind === kind ? [step.query.callId] : []))
  const rows = await sql.query(BEGIN, [[...ids], callsOf('end'), callsOf('take')])
  const limits = new Map<string, LimitState>()
  const open = new Set<string>()
  for (const row of rows) {
    if (row['kind'] === 'limit') limits.set(text(row['id']), limitStateOf(row))
    if (row['kind'] === 'open') open.add(text(row['id']))
  }
  return { limits, open, changed: new Set(), begun: new Map() }
}

async function writeBook({ sql, book }: { sql: Sql; book: RateBook }): Promise<void> {
  if (book.changed.size === 0 && book.begun.size === 0) return
  const ids = [...book.changed]
  const states = ids.map((id) => book.limits.get(id))
  await sql.query(WRITE, [
    ids,
    states.map((one) => one?.state?.fullAgainNs.toString() ?? null),
    states.map((one) => JSON.stringify(one?.leases ?? [])),
    [...book.begun.keys()],
    [...book.begun.values()],
  ])
}

/**
 * Rates, exact over all instances; see {@link RateStore}. Calls of one instance that come together share one commit, as admissions do: else
 * each would wait for the lock of the limit that all of them have in common.
 */
export function openRateStore({ database }: { database: Database }): RateStore {
  const known = new Set<string>()
  let sweptAtMs = 0

  /** A limit's row is there before it is locked: a row that is not there locks nobody out. */
  async function ensureLimits(steps: readonly RateStep[]): Promise<void> {
    const limits = steps.flatMap(({ query }) => query.limits)
    const missing = [...new Set(limits.map(({ id }) => id))].filter((id) => !known.has(id)).toSorted()
    if (missing.length === 0) return
    await database.query(
      `insert into rate_states (limit_id, leases) select id, '[]'::jsonb from unnest($1::text[]) as id on conflict do nothing`,
      [missing],
    )
    if (known.size > REMEMBERED) known.clear()
    for (const id of missing) known.add(id)
  }

  function sweep(nowMs: number): void {
    if (nowMs - sweptAtMs < SWEEP_MS) return
    sweptAtMs = nowMs
    database.query(SWEEP, [nowMs]).catch(() => {})
  }

  const enter = openLane({
    limit: LIMITS.groupSize,
    run: async (steps: readonly RateStep[]) => {
      await ensureLimits(steps)
      return database.transaction(async (sql) => {
        const book = await openBook({ sql, steps })
        const answers = judgeRates({ steps, book })
        await writeBook({ sql, book })
        return answers
      })
    },
  })

  return {
    take: async (query): Promise<RatesTaken> => {
      sweep(query.nowMs)
      const taken = query.limits.length > 0 ? await enter({ kind: 'take', query }) : undefined
      return taken ?? takeRates({ ...query, rates: [], concurrency: [] })
    },
    end: async (query) => {
      if (query.limits.length > 0) await enter({ kind: 'end', query })
    },
  }
}
