import { access, constants } from 'node:fs/promises'
import { dirname } from 'node:path'
import { LIMITS } from '../../lib/limits.ts'
import type { Provider } from '../../catalog/types.ts'
import { reachProvider } from '../../providers/reach-provider.ts'
import { readKeys } from '../../providers/read-keys.ts'
import { reachRedis } from '../../queue/reach-redis.ts'
import { holderOfFolder } from '../../storage/database/folder-lock.ts'
import { reachPostgres } from '../../storage/database/reach-postgres.ts'
import { type ClockSight, judgeClock } from './clock.ts'
import { judgeDatabase, judgeFolder } from './database.ts'
import { examineNetwork } from './examine-network.ts'
import { judgeKeys } from './keys.ts'
import { askOwnDemand, judgeDemand } from './own-demand.ts'
import { judgeProvider } from './providers.ts'
import { judgeRedis } from './redis.ts'
import type { Subject } from './subject.ts'
import { type Verdict, warn } from './verdict.ts'

const TIMEOUT_MS = LIMITS.doctorAnswerMs

/**
 * Looks at everything that a server needs, all at once, and changes nothing: no row, no transaction, no token of a provider.
 *
 * @returns the lines in the order in which a server needs the things.
 */
export async function examine(subject: Subject): Promise<readonly Verdict[]> {
  const [networks, providers, database, redis, demand] = await Promise.all([
    Promise.all(subject.networks.map((options) => examineNetwork({ options, subject }))),
    Promise.all(subject.providers.map((provider) => examineProvider({ provider, subject }))),
    examineDatabase(subject),
    examineRedis(subject),
    examineDemand(subject),
  ])
  const blocks = subject.isDev ? [] : networks.flatMap(({ clocks }) => clocks)
  const sights = [...providers.flatMap(({ clocks }) => clocks), ...blocks]
  return [
    ...judgeKeys(subject.terms),
    ...networks.flatMap(({ verdicts }) => verdicts),
    judgeClock({ sights }),
    ...providers.flatMap(({ verdicts }) => verdicts),
    database,
    ...redis,
    ...demand,
  ]
}

async function examineProvider({ provider, subject }: { provider: Provider; subject: Subject }) {
  const { apiKeyVariable } = provider
  const text = apiKeyVariable === undefined ? undefined : subject.providerKey(apiKeyVariable)
  const keys = text === undefined ? [undefined] : readKeys(text).map(({ key }) => key)
  const asked = await Promise.all(
    keys.map(async (key, keyIndex) => {
      const sight = await reachProvider({ provider, key, timeoutMs: TIMEOUT_MS })
      return { sight, verdict: judgeProvider({ provider, sight, keyIndex, keyCount: keys.length }) }
    }),
  )
  const clocks = asked.flatMap(({ sight }): ClockSight[] =>
    sight.kind === 'answered' && sight.dateMs !== undefined
      ? [
          {
            source: new URL(provider.baseUrl).host,
            kind: 'date',
            theirsMs: sight.dateMs,
            oursMs: sight.arrivedAtMs,
          },
        ]
      : [],
  )
  return { verdicts: asked.map(({ verdict }) => verdict), clocks }
}

async function examineDatabase({ place, localUrl, isDev }: Subject): Promise<Verdict> {
  if ('databaseUrl' in place) {
    return judgeDatabase(await reachPostgres({ databaseUrl: place.databaseUrl, timeoutMs: TIMEOUT_MS }))
  }
  const folder = place.dataDirectory
  const holderPid = holderOfFolder({ folder })
  const isReady =
    holderPid === undefined || localUrl === undefined ? undefined : await isDatabaseReady(localUrl)
  return judgeFolder({ folder, holderPid, isWritable: await isWritable(folder), isReady, isDev })
}

/** The folder, or the nearest one above it that there is. */
async function isWritable(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK)
    return true
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    const above = dirname(folder)
    return isAbsent && above !== folder && isWritable(above)
  }
}

/** @returns undefined where no server could be asked. */
async function isDatabaseReady(url: string): Promise<boolean | undefined> {
  try {
    const response = await fetch(new URL('/readyz', url), { signal: AbortSignal.timeout(TIMEOUT_MS) })
    const { checks } = (await response.json()) as { checks: readonly { name: string; ok: boolean }[] }
    return checks.find(({ name }) => name === 'database')?.ok
  } catch {
    return undefined
  }
}

async function examineRedis({ redisUrl }: Subject): Promise<readonly Verdict[]> {
  if (redisUrl === undefined) return []
  return [judgeRedis(await reachRedis({ redisUrl, timeoutMs: TIMEOUT_MS }))]
}

async function examineDemand({ publicUrl, localUrl, terms }: Subject): Promise<readonly Verdict[]> {
  const url = publicUrl ?? localUrl
  if (url === undefined) {
    const seen = 'was not asked: PORT=0 takes any free port.'
    return [warn({ name: '402', seen, fix: 'Set PORT, or TURNPIKE_PUBLIC_URL.' })]
  }
  const sight = await askOwnDemand({ url })
  return judgeDemand({ sight, url, isPublic: publicUrl !== undefined, terms })
}
