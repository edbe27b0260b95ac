import { readFileSync } from 'node:fs'
import { DEV_NETWORK, devTerms, providersOf } from '../app/options/defaults.ts'
import { examine } from '../app/doctor/examine.ts'
import type { Subject } from '../app/doctor/subject.ts'
import { fail, type Verdict, warn } from '../app/doctor/verdict.ts'
import { serveOptions } from '../app/options/serve-options.ts'
import { type Config, ConfigError, type Environment } from '../config/read-config.ts'
import { readyFile } from './ask-server.ts'
import { loadDevAccounts } from './load-dev-world.ts'
import { createProgress } from './progress.ts'
import { readEnvironment } from './read-environment.ts'

/**
 * `turnpike doctor`: is everything there that this environment needs? Looks and changes nothing.
 *
 * @param dev looks at the `turnpike dev` that runs on this data folder instead.
 * @returns the exit code: 1 where a line fails.
 */
export async function doctor({ json, dev }: { json: boolean; dev: boolean }): Promise<number> {
  const progress = createProgress({ quiet: json })
  progress.step('Asking chains, providers and stores')
  const report = await examineEnvironment({ dev })
  progress.done()
  if (json) process.stdout.write(`${JSON.stringify(report)}\n`)
  else tell(report.checks)
  return report.ok ? 0 : 1
}

/** What `--json` prints. @throws Error where `dev` is asked for and none runs. */
export async function examineEnvironment(options: { dev: boolean; environment?: Environment }): Promise<{
  readonly ok: boolean
  readonly checks: readonly Verdict[]
}> {
  const checks = await verdictsOf(options)
  return { ok: checks.every(({ state }) => state !== 'fail'), checks }
}

async function verdictsOf({
  dev,
  environment: given,
}: {
  dev: boolean
  environment?: Environment
}): Promise<readonly Verdict[]> {
  try {
    const { config, environment } = readEnvironment(given)
    const warnings = config.warnings.map((seen) =>
      warn({ name: 'environment', seen, fix: 'Correct its name, or leave it out.' }),
    )
    const subject = dev ? await devSubject({ config, environment }) : serveSubject({ config, environment })
    return [...warnings, ...(await examine(subject))]
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    // Nothing can be asked of a world that is not described.
    const fix = 'Set it as .env.example says; everything else is looked at when the environment is complete.'
    return error.problems.map((seen) => fail({ name: 'environment', seen, fix }))
  }
}

type Described = { readonly config: Config; readonly environment: Environment }

/** @throws ConfigError as `turnpike serve` would. */
function serveSubject({ config, environment }: Described): Subject {
  const options = serveOptions({ config, environment })
  return { ...options, localUrl: localUrlOf(config), isDev: false }
}

function localUrlOf({ HOST, PORT }: Config): string | undefined {
  if (PORT === 0) return undefined
  const host = HOST === '0.0.0.0' ? '127.0.0.1' : HOST === '::' ? '::1' : HOST
  return `http://${host.includes(':') ? `[${host}]` : host}:${PORT}`
}

type ReadyLine = {
  readonly url: string
  readonly rpcUrl: string
  readonly usdt: string
  readonly payTo: `0x${string}`
  readonly providerUrl?: string
}

/** @throws Error where no `turnpike dev` runs on the data folder. */
async function devSubject({ config, environment }: Described): Promise<Subject> {
  const ready = readyLineIn(config.TURNPIKE_DATA_DIR)
  const { keys, addresses } = await loadDevAccounts()
  const { providerUrl, payTo } = ready
  return {
    networks: [{ network: DEV_NETWORK, rpcUrls: [ready.rpcUrl], finality: { kind: 'depth', blocks: 0 } }],
    keys,
    terms: devTerms({ config, world: { chain: ready, payTo, addresses } }),
    providers: providersOf({
      environment,
      ...(providerUrl === undefined ? {} : { simulated: { url: providerUrl } }),
    }),
    providerKey: (variable) => environment[variable],
    place: config.DATABASE_URL
      ? { databaseUrl: config.DATABASE_URL }
      : { dataDirectory: `${config.TURNPIKE_DATA_DIR}/ledger` },
    ...(config.REDIS_URL ? { redisUrl: config.REDIS_URL } : {}),
    localUrl: ready.url,
    isDev: true,
  }
}

function readyLineIn(dataDirectory: string): ReadyLine {
  try {
    return JSON.parse(readFileSync(readyFile(dataDirectory), 'utf8')) as ReadyLine
  } catch (cause) {
    throw new Error(
      `No turnpike dev runs on the folder ${dataDirectory}. Start one, or name its folder in TURNPIKE_DATA_DIR.`,
      { cause },
    )
  }
}

const SIGNS = { ok: '✓', warn: '!', fail: '✗' } as const

function tell(verdicts: readonly Verdict[]): void {
  const width = Math.max(...verdicts.map(({ name }) => name.length))
  for (const verdict of verdicts) {
    process.stdout.write(`${SIGNS[verdict.state]} ${verdict.name.padEnd(width)}  ${verdict.seen}\n`)
    if (verdict.state !== 'ok') process.stdout.write(`  ${' '.repeat(width)}  → ${verdict.fix}\n`)
  }
  const count = (state: Verdict['state']) => verdicts.filter((verdict) => verdict.state === state).length
  process.stdout.write(`${count('ok')} ok, ${count('warn')} to look at, ${count('fail')} failing\n`)
}
