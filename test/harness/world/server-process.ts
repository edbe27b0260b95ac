import { appendFileSync } from 'node:fs'
import type { App } from '../../../src/app/options/options.ts'
import { DEV_NETWORK } from '../../../src/app/options/defaults.ts'
import { openDevApp } from '../../../src/cli/dev-app.ts'
import { readConfig } from '../../../src/config/read-config.ts'
import { LIMITS } from '../../../src/lib/limits.ts'
import type { Reach } from '../../../src/settlement/crash-points.ts'
import { answerQuestions } from './answer-questions.ts'
import { type Armed, providersAt, type ServerStart, twiceSold } from './server-start.ts'

/**
 * The server under test, alone in its process: the server of dev, which can be told to end itself, as a power cut would, when
 * it comes to a named crash point.
 */
let app: App | undefined
let armed: { point: string; countdown: number } | undefined

/** Writes the name down in one system call and dies in the next; nothing of ours runs in between or afterwards. */
const reachWith =
  (hitsPath: string): Reach =>
  (point) => {
    if (armed?.point !== point) return
    armed.countdown -= 1
    if (armed.countdown > 0) return
    appendFileSync(hitsPath, `${point}\n`)
    process.kill(process.pid, 'SIGKILL')
  }

/** A transaction that waits is replaced after this time here: half a minute each would make the harness long. */
const REPLACE_AFTER_MS = 1_500

async function start(options: ServerStart): Promise<{ url: string }> {
  const { world, port, databaseUrl, dataDirectory, redisUrl, finalityBlocks: blocks, hitsPath } = options
  const config = readConfig({
    PORT: String(port),
    TURNPIKE_DATA_DIR: dataDirectory ?? '',
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
  })
  Reflect.set(LIMITS, 'replaceAfterMs', REPLACE_AFTER_MS)
  app = await openDevApp({
    config,
    world,
    overrides: {
      catalog: twiceSold(),
      providers: providersAt(world.provider.url),
      networks: [
        { network: DEV_NETWORK, rpcUrls: [world.chain.rpcUrl], finality: { kind: 'depth', blocks } },
      ],
      reach: reachWith(hitsPath),
      logLevel: 'error',
    },
  })
  return { url: app.url }
}

answerQuestions({
  ready: {},
  answer: async (kind, value) => {
    switch (kind) {
      case 'start':
        return start(value as ServerStart)
      case 'arm':
        armed = { ...(value as Armed) }
        return undefined
      case 'disarm':
        armed = undefined
        return undefined
      case 'settle':
        return app?.settleNow({ everything: true })
      case 'check':
        return app?.checkLedger()
      case 'reconcile':
        return app?.reconcile()
      case 'balance': {
        const rows = (await app?.trialBalance()) ?? []
        return rows.reduce((sum, { balance }) => sum + balance, 0n).toString()
      }
      default:
        await app?.close()
        return undefined
    }
  },
})
