import { Client, Pool, type PoolClient } from 'pg'
import { LIMITS } from '../../lib/limits.ts'
import { repeating, type Database, type HotStatement, type Row, type Sql } from './database.ts'
import { openHealth } from './health.ts'
import { withPatience } from './patience.ts'

/** Sessions that are left open in a transaction keep old row versions alive, which slows every hot row. */
const IDLE_IN_TRANSACTION_MS = 30_000

/**
 * The planner must not decide anew on the hot path: a plan made on an empty table would scan, and custom plans cost
 * more than the statement.
 */
export const HOT_SETTINGS = [
  'set plan_cache_mode = force_generic_plan',
  'set enable_seqscan = off',
  // Groups are joined to themselves: with nested loops the cost would grow with the square of the group.
  'set enable_nestloop = off',
  'set jit = off',
]

const asSql = (client: Pool | PoolClient | Client): Sql => ({
  query: async (text, values) => {
    const result = await client.query<Row>(text, values ? [...values] : undefined)
    return result.rows
  },
})

async function connectHot({
  databaseUrl,
  onEnd,
}: {
  databaseUrl: string
  onEnd: (error?: Error) => void
}): Promise<Client> {
  const client = new Client({
    connectionString: databaseUrl,
    pipeline: true,
    keepAlive: true,
    connectionTimeoutMillis: LIMITS.storageConnectMs,
    // A statement that is not answered breaks the connection, so that those behind it are told.
    query_timeout: LIMITS.hotStatementMs,
    application_name: 'turnpike hot',
  })
  // A broken connection rejects the queries in flight; the event itself must not end the process.
  client.on('error', onEnd)
  client.on('end', () => onEnd())
  await client.connect()
  for (const setting of HOT_SETTINGS) await client.query(setting)
  return client
}

/**
 * Postgres by a pool for everything, and one pipelined connection for the hot statements.
 *
 * @param poolSize connections of the pool; every instance also has the hot one.
 */
export function openPostgres({
  databaseUrl,
  poolSize = 8,
}: {
  databaseUrl: string
  poolSize?: number
}): Database {
  const pool = new Pool({
    connectionString: databaseUrl,
    max: poolSize,
    connectionTimeoutMillis: LIMITS.storageConnectMs,
    query_timeout: LIMITS.statementMs,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    application_name: 'turnpike',
  })
  // A connection that breaks rejects its query; its event, idle or in a transaction, must not end the process.
  const probe = () => {
    const statement = { text: 'select 1', query_timeout: LIMITS.storageAnswerMs }
    return pool.query(statement)
  }
  const health = openHealth({ probe })
  pool.on('error', health.broke)
  pool.on('connect', (client) => client.on('error', () => {}))
  let hot: Promise<Client> | undefined

  /** Connects when it is first needed, and again after the connection was lost. */
  function hotClient(): Promise<Client> {
    if (hot) return hot
    const connecting = connectHot({
      databaseUrl,
      onEnd: (error) => {
        forget()
        if (error) health.broke(error)
      },
    })
    const forget = () => {
      if (hot === connecting) hot = undefined
    }
    connecting.catch((error: unknown) => {
      forget()
      health.broke(error)
    })
    hot = connecting
    return connecting
  }

  async function transactOnce<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result> {
    const client = await pool.connect()
    let broken: Error | undefined
    try {
      await client.query('begin')
      const result = await work(asSql(client))
      await client.query('commit')
      return result
    } catch (error) {
      await client.query('rollback').catch((failure: Error) => {
        broken = failure
      })
      throw error
    } finally {
      client.release(broken)
    }
  }

  return {
    kind: 'postgres',
    health,
    // Every plain statement may be repeated: reads, and writes that a second time find their row.
    query: (text, values) => withPatience(() => health.watch(asSql(pool).query(text, values))),
    transaction: (work) => repeating(() => health.watch(transactOnce(work))),
    runHot: async ({ name, text }: HotStatement, values) => {
      // A connection that is open already is no sign of life.
      const client = await health.orHang(hotClient())
      const result = await health.watch(client.query<Row>({ name, text, values: [...values] }))
      return result.rows
    },
    close: async () => {
      health.close()
      const client = await hot?.catch(() => undefined)
      await client?.end().catch(() => {})
      await pool.end()
    },
  }
}
