import { Session } from 'node:inspector/promises'
import { Client } from 'pg'
import { readConfig } from '../../src/config/read-config.ts'
import { SIMULATED_PROVIDER } from '../../src/catalog/simulated.ts'
import { type DevWorldFacts, openDevApp } from '../../src/cli/dev-app.ts'
import { benchCatalog, PACED_PROVIDER } from './bench-catalog.ts'

/**
 * The server under test, alone in its process, so that its CPU can be read without anyone else's. It is the server of dev
 * with another catalogue; nothing in it knows of the bench but what stands in this file.
 */
export type ServerStart = {
  readonly world: DevWorldFacts
  readonly quickUrl: string
  readonly pacedUrl: string
  readonly databaseUrl?: string
  readonly dataDirectory?: string
}

/** CPU of this process in microseconds, kernel included, and how often the two hot statements ran. */
export type ServerReading = {
  readonly cpuUs: number
  readonly admitGroups: number
  readonly captureGroups: number
}

const groups = { admit_group: 0, capture_group: 0 }

/** Counts the hot statements as they leave: calls per group is what natural batching is about. */
function countGroups(): void {
  const query = Reflect.get(Client.prototype, 'query') as (this: Client, ...rest: unknown[]) => unknown
  const counted = function (this: Client, ...rest: unknown[]) {
    const [statement] = rest
    const name: unknown =
      typeof statement === 'object' && statement ? Reflect.get(statement, 'name') : undefined
    if (name === 'admit_group' || name === 'capture_group') groups[name] += 1
    return query.apply(this, rest)
  }
  Reflect.set(Client.prototype, 'query', counted)
}

async function start({ world, quickUrl, pacedUrl, databaseUrl, dataDirectory = '' }: ServerStart) {
  countGroups()
  const config = readConfig({
    PORT: '0',
    TURNPIKE_FREE_CALLS_PER_MINUTE: '10000000',
    TURNPIKE_DATA_DIR: dataDirectory,
    DATABASE_URL: databaseUrl,
  })
  const providers = [
    { id: SIMULATED_PROVIDER, dialect: 'openai', baseUrl: quickUrl, simulated: true },
    { id: PACED_PROVIDER, dialect: 'openai', baseUrl: pacedUrl, simulated: true },
  ] as const
  return openDevApp({
    config,
    world,
    overrides: { catalog: benchCatalog(), providers, tokenWatchMs: 3_600_000, reconcileMs: 3_600_000 },
  })
}

const session = new Session()
let app: Awaited<ReturnType<typeof start>> | undefined

async function answer(kind: string, value: unknown): Promise<unknown> {
  switch (kind) {
    case 'start':
      app = await start(value as ServerStart)
      return { port: app.port }
    case 'read': {
      const { user, system } = process.cpuUsage()
      return { cpuUs: user + system, admitGroups: groups.admit_group, captureGroups: groups.capture_group }
    }
    case 'books': {
      const checks = (await app?.checkLedger()) ?? []
      const balances = (await app?.trialBalance()) ?? []
      const broken = checks.filter(({ ok }) => !ok).map(({ name }) => name)
      return { broken, trialBalance: balances.reduce((sum, { balance }) => sum + balance, 0n).toString() }
    }
    case 'profile':
      session.connect()
      await session.post('Profiler.enable')
      await session.post('Profiler.setSamplingInterval', { interval: 200 })
      await session.post('Profiler.start')
      return undefined
    case 'profiled': {
      const { profile } = await session.post('Profiler.stop')
      session.disconnect()
      return profile
    }
    default:
      await app?.close()
      return undefined
  }
}

process.on('disconnect', () => process.exit(0))
process.on('message', ({ id, kind, value }: { id: number; kind: string; value: unknown }) => {
  answer(kind, value).then(
    (result) => process.send?.({ id, result }),
    (error: unknown) =>
      process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  )
})
process.send?.({ ready: {} })
