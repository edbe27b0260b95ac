import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { Client } from 'pg'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fundAccount } from '../../src/dev/chain/fund.ts'
import { type DevChain, startDevChain } from '../../src/dev/chain/start-dev-chain.ts'
import { BASE_SEPOLIA_USDC } from '../../src/payment/tokens/assets.ts'
import { openPglite } from '../../src/storage/database/pglite.ts'
import { openRpcProxy, type RpcProxy } from '../integration/chain/rpc-proxy.ts'
import { filesIn, findIn, newCanary, type Sink, spellingsOf } from '../support/canary.ts'
import {
  beginStream,
  canaryBody,
  EVERYTHING,
  payWhenAwake,
  playEverything,
  tell,
} from '../support/canary-calls.ts'
import { post } from '../support/chat.ts'
import { fillLedgerFolder } from '../support/ledger-folder.ts'
import { hasPostgres, MISSING_POSTGRES, startPostgres, type PostgresServer } from '../support/postgres.ts'
import { hasRedis, MISSING_REDIS, startRedis, type RedisServer } from '../support/redis.ts'
import { type ScriptedProvider, startScriptedProvider } from '../support/scripted-provider.ts'
import { type ServeProcess, startServeProcess } from '../support/serve-process.ts'
import { newPayer } from '../support/start-stack.ts'
import { stockPayer } from '../support/stock-payer.ts'
import { waitUntil } from '../support/wait-until.ts'

const folder = mkdtempSync(join(tmpdir(), 'turnpike-canary-'))
/** What must be nowhere, and what must be found: else the search proves nothing. */
const canary = newCanary()
const control = newCanary()
const CONTROL_ID = control.halves.join('-')

let chain: DevChain
let postgres: PostgresServer | undefined
let redis: RedisServer | undefined
const providers: ScriptedProvider[] = []
const proxies: RpcProxy[] = []
const sinks: Sink[] = []
const sizeOf = (wanted: string) => sinks.find(({ name }) => name === wanted)?.bytes.length ?? 0
const sink = (name: string, text: string) => sinks.push({ name, bytes: Buffer.from(text) })

/** An operator's environment with keys of its own and nothing else in it. */
async function environmentOf({
  name,
  provider,
  proxy,
}: {
  name: string
  provider: ScriptedProvider
  proxy: RpcProxy
}) {
  const keys = [generatePrivateKey(), generatePrivateKey(), generatePrivateKey()] as const
  const [signer, till, receiverAuthorizer] = keys
  for (const key of [signer, till]) {
    const { address } = privateKeyToAccount(key)
    await fundAccount({ rpcUrl: chain.rpcUrl, address, ether: 10n ** 18n })
  }
  const [home, temporary] = [join(folder, name), join(folder, name, 'tmp')]
  mkdirSync(temporary, { recursive: true })
  return {
    PORT: '0',
    TMPDIR: temporary,
    HOME: home,
    TURNPIKE_DATA_DIR: join(home, 'data'),
    TURNPIKE_NETWORKS: 'eip155:84532',
    TURNPIKE_RPC_84532: proxy.url,
    TURNPIKE_SETTLEMENT_FEES: 'eip155:84532=0.002',
    TURNPIKE_PAY_TO: privateKeyToAccount(generatePrivateKey()).address,
    TURNPIKE_SIGNER_KEY: signer,
    TURNPIKE_TILL_KEY: till,
    TURNPIKE_RECEIVER_AUTHORIZER_KEY: receiverAuthorizer,
    TURNPIKE_QUOTE_SECRET: 'a secret of the tests, 32 characters',
    TURNPIKE_ADMIN_TOKEN: 'an operator of this test, thirty-two characters',
    OPENAI_API_KEY: canary.halves.join('-'),
    OPENAI_BASE_URL: provider.url,
  }
}

/** Four starts of a server and a crash: seconds on a machine of one's own, minutes on a crowded one. */
const STARTS_MS = 240_000

const chatOf = ({ url }: ServeProcess) => `${url}/v1/chat/completions`

/** Everything that a server can live through: calls of all ends, a settlement that fails, a crash, a restart, a stop. */
async function liveThrough({ name, environment }: { name: string; environment: Record<string, string> }) {
  const provider = await startScriptedProvider()
  providers.push(provider)
  const proxy = await openRpcProxy(chain.rpcUrl)
  proxies.push(proxy)
  const own = await environmentOf({ name, provider, proxy })
  const full: Record<string, string> = { ...own, ...environment }
  if (!full['DATABASE_URL']) await fillLedgerFolder(join(own.TURNPIKE_DATA_DIR, 'ledger'))
  const payer = await newPayer({ rpcUrl: chain.rpcUrl })
  const client = stockPayer({
    stack: { rpcUrl: chain.rpcUrl, usdc: BASE_SEPOLIA_USDC },
    payer,
    scheme: 'upto',
  })
  const playing = { provider, client, canary }

  const first = await startServeProcess({ environment: full })
  const statuses = await playEverything({ ...playing, url: chatOf(first), requestId: CONTROL_ID })
  proxy.setMode('drop')
  tell({ provider, canary, story: 'answers' })
  const request = post(canaryBody({ canary }))
  await (await payWhenAwake({ client, url: chatOf(first), request })).arrayBuffer()
  await waitUntil({ what: 'a settlement fails', isSo: () => /"step":"\w+"/.test(first.output()) })
  sink(`${name} metrics`, await (await fetch(`${first.url}/metrics`)).text())
  const cut = await beginStream({ ...playing, url: chatOf(first) })
  await first.kill()
  await cut.text().catch(() => '')
  sink(`${name} output until the crash`, first.output())
  proxy.restore()
  return { statuses, full, provider }
}

/** After the crash: recovery, settlement of what was left, and an orderly stop. */
async function liveOn({ name, full }: { name: string; full: Record<string, string> }): Promise<void> {
  const second = await startServeProcess({ environment: full })
  const headers = { authorization: `Bearer ${full['TURNPIKE_ADMIN_TOKEN']}` }
  const settled = await fetch(`${second.adminUrl}/admin/v1/settlements/run`, { method: 'POST', headers })
  expect(settled.status).toBe(200)
  sink(
    `${name} ledger`,
    await (await fetch(`${second.adminUrl}/admin/v1/ledger/trial-balance`, { headers })).text(),
  )
  sink(`${name} metrics after the crash`, await (await fetch(`${second.url}/metrics`)).text())
  await second.stop()
  sink(`${name} output after the crash`, second.output())
}

/** Rows as text: long values are compressed on disk, and a search of files would pass over them. */
async function dump(
  query: (sql: string) => Promise<readonly Record<string, unknown>[]>,
  name: string,
): Promise<void> {
  const tables = await query(`select tablename from pg_tables where schemaname in ('public', 'drizzle')`)
  expect(tables.length).toBeGreaterThan(15)
  for (const table of tables) {
    const tablename = String(table['tablename'])
    const rows = await query(
      `select t::text as line from ${tablename === '__drizzle_migrations' ? 'drizzle.' : ''}"${tablename}" t`,
    )
    sink(`${name} table ${tablename}`, rows.map(({ line }) => String(line)).join('\n'))
  }
}

const places = `${hasPostgres ? 'Postgres' : MISSING_POSTGRES}, ${hasRedis ? 'Redis' : MISSING_REDIS}`

describe.skipIf(!hasPostgres || !hasRedis)(
  `nothing that callers and providers write is kept anywhere (${places})`,
  () => {
    beforeAll(async () => {
      chain = await startDevChain({})
      ;[postgres, redis] = await Promise.all([
        startPostgres({ keepsLog: true }),
        startRedis({ keepsData: true }),
      ])
    })
    afterAll(async () => {
      for (const provider of providers) provider.close()
      await redis?.stop()
      await postgres?.stop()
      for (const proxy of proxies) await proxy.close()
      await chain?.close()
      rmSync(folder, { recursive: true, force: true })
    })

    test('calls of every end pass through both kinds of server', { timeout: STARTS_MS }, async () => {
      if (!postgres || !redis) throw new Error('A server is missing.')
      const databaseUrl = await postgres.createDatabase()
      const servers = [
        { name: 'embedded', environment: {} },
        { name: 'server', environment: { DATABASE_URL: databaseUrl, REDIS_URL: redis.url } },
      ]
      const lived = await Promise.all(servers.map(liveThrough))
      for (const { statuses, provider } of lived) {
        expect(statuses).toEqual(EVERYTHING)
        // Seventeen that ended by themselves, one that was left, one before the crash and one in it: the canary did come that far.
        expect(provider.seen).toHaveLength(20)
      }
      await Promise.all(lived.map(({ full }, index) => liveOn({ name: servers[index]?.name ?? '', full })))
      await collect({
        databaseUrl,
        postgres,
        redis,
        dataDirectory: lived[0]?.full['TURNPIKE_DATA_DIR'] ?? '',
      })
    })

    test('every control is found, in every sink and in every spelling', () => {
      const found = findIn({ sinks, canary: control })
      for (const place of [
        'embedded output until the crash',
        'server output until the crash',
        'embedded files/data/ledger',
        'Postgres files/data/base',
        'Postgres files/data/pg_wal',
        'Postgres files/server.log',
        'Redis files/appendonlydir',
        'Redis files/dump.rdb',
        'embedded table admissions',
        'server table admissions',
      ]) {
        expect(
          found.some((hit) => hit.startsWith(place)),
          place,
        ).toBe(true)
      }
      for (const { name } of spellingsOf(control.halves[0])) {
        expect(
          found.some((hit) => hit.startsWith('Postgres files/data/base') && hit.includes(`(${name})`)),
          name,
        ).toBe(true)
      }
    })

    test('the canary is found nowhere', () => {
      // What was learned of answers and said of them has been written: its tables were searched with something in them.
      for (const table of ['call_sites', 'observations', 'feedback'])
        for (const server of ['embedded', 'server'])
          expect(sizeOf(`${server} table ${table}`), `${server} ${table}`).toBeGreaterThan(0)
      expect(sinks.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeGreaterThan(20_000_000)
      expect(findIn({ sinks, canary })).toEqual([])
    })
  },
)

/** Plants the controls that no product makes by itself, brings everything to disk, and reads it. */
async function collect({
  databaseUrl,
  postgres: server,
  redis: { url, directory },
  dataDirectory,
}: {
  databaseUrl: string
  postgres: PostgresServer
  redis: RedisServer
  dataDirectory: string
}): Promise<void> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  await client.query('create table controls (line bytea)')
  const spelled = control.halves.flatMap((half) => spellingsOf(half).map(({ bytes }) => bytes))
  for (const line of spelled) await client.query('insert into controls values ($1)', [line])
  // What a failing statement with a literal in it would leave in the server's own log.
  await client.query(`select '${CONTROL_ID}' / 0`).catch(() => undefined)
  await dump(async (sql) => (await client.query<Record<string, unknown>>(sql)).rows, 'server')
  await client.query('checkpoint')
  await client.end()

  const queue = new Redis(url)
  await queue.set(`control:${CONTROL_ID}`, CONTROL_ID)
  await queue.save()
  await queue.quit()

  const { database, client: embedded } = await openPglite({ dataDirectory: join(dataDirectory, 'ledger') })
  await dump(async (sql) => (await embedded.query<Record<string, unknown>>(sql)).rows, 'embedded')
  await database.close()
  sinks.push(
    ...filesIn({ folder: join(folder, 'embedded'), name: 'embedded files' }),
    ...filesIn({ folder: join(folder, 'server'), name: 'server files' }),
    ...filesIn({ folder: server.directory, name: 'Postgres files' }),
    ...filesIn({ folder: directory, name: 'Redis files' }),
  )
}
