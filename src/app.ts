import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as sleepFor } from 'node:timers/promises'
import { createTurns } from './call/turns.ts'
import { recoverCalls } from './call/recover.ts'
import type { Catalog, Provider } from './catalog/types.ts'
import { createChain } from './chain/create-chain.ts'
import { createHttpApp, listen, type Listener } from './http/server.ts'
import type { HttpDependencies } from './http/dependencies.ts'
import type { TrialBalanceRow } from './ledger/trial-balance.ts'
import { uuidV7 } from './lib/ids.ts'
import { LIMITS } from './lib/limits.ts'
import { createSignatureCheck } from './payment/signature.ts'
import type { Address, Asset, Hex, Network, Terms } from './payment/types.ts'
import { createUpstreams } from './providers/create-upstreams.ts'
import { createTimerAlarm } from './queue/alarm.ts'
import { createRedisAlarm } from './queue/bullmq-alarm.ts'
import type { Reach } from './settlement/crash-points.ts'
import type { SettlementDependencies } from './settlement/dependencies.ts'
import { fund } from './settlement/fund.ts'
import { recordOpening } from './settlement/opening.ts'
import { reconcile } from './settlement/reconcile.ts'
import type { TransactionRow } from './settlement/types.ts'
import { sweep, type SweepOptions } from './settlement/sweep.ts'
import { openStorage, type Storage } from './storage/open-storage.ts'
import { createLog, logCall, logError } from './telemetry/log.ts'
import { createMetrics } from './telemetry/metrics.ts'

export type NetworkOptions = {
  readonly network: Network
  readonly rpcUrls: readonly string[]
  readonly finality: { readonly kind: 'depth'; readonly blocks: number } | { readonly kind: 'finalized' }
}

/** Everything that one server is made of; dev, demo, serve and the tests each fill it in their own way. */
export type AppOptions = {
  readonly port: number
  readonly host: string
  readonly region: string
  readonly place: { readonly databaseUrl: string } | { readonly dataDirectory: string }
  readonly redisUrl?: string
  readonly catalog: Catalog
  readonly providers: readonly Provider[]
  readonly providerKey: (variable: string) => string | undefined
  readonly networks: readonly NetworkOptions[]
  readonly keys: { readonly signer: Hex; readonly till: Hex; readonly receiverAuthorizer: Hex }
  readonly terms: Terms
  readonly secret: string
  readonly marginBps: number
  readonly defaultOutputTokens: number
  readonly freeCallsPerMinute: number
  readonly adminToken?: string
  /** Whether operators' routes share the public listener. */
  readonly sharesAdmin: boolean
  readonly adminListener?: { readonly host: string; readonly port: number }
  /** Of a chain that may be thrown away: a ledger belongs to one chain and refuses another. */
  readonly genesis?: string
  readonly publicUrl?: string
  readonly logLevel?: string
  /** Between two looks at a chain for one receipt, and between two passes of the settlement. */
  readonly pollMs: number
  readonly sweepMs: number
  readonly onProgress?: (line: string) => void
  /** Tests end the process at a named crash point. */
  readonly reach?: Reach
}

export type { Reconciliation } from './settlement/reconcile.ts'

export type App = {
  readonly url: string
  readonly adminUrl: string
  readonly port: number
  readonly settleNow: (options?: SweepOptions) => Promise<{ readonly failures: number }>
  readonly reconcile: () => ReturnType<typeof reconcile>
  readonly checkLedger: () => Promise<readonly { name: string; ok: boolean; rows: number }[]>
  /** The newest hundred. */
  readonly listTransactions: () => Promise<readonly TransactionRow[]>
  readonly trialBalance: () => Promise<readonly TrialBalanceRow[]>
  readonly close: () => Promise<void>
}

const RANDOM_POOL_BYTES = 4_096

/** Ids need a few random bytes each, three times a call: one question to the system answers hundreds. No byte is given twice. */
function createRandom(): (byteCount: number) => Uint8Array {
  let pool = randomBytes(RANDOM_POOL_BYTES)
  let used = 0
  return (byteCount) => {
    if (byteCount > RANDOM_POOL_BYTES) return randomBytes(byteCount)
    if (used + byteCount > RANDOM_POOL_BYTES) {
      pool = randomBytes(RANDOM_POOL_BYTES)
      used = 0
    }
    used += byteCount
    return pool.subarray(used - byteCount, used)
  }
}

const clock = {
  nowMs: () => Date.now(),
  random: createRandom(),
  sleep: async (durationMs: number, signal?: AbortSignal) => {
    await sleepFor(durationMs, undefined, signal ? { signal } : {}).catch(() => undefined)
  },
}

/** Opens and joins the rooms, in the order in which they need one another; closes them the other way round. */
export async function openApp(options: AppOptions): Promise<App> {
  const { terms, reach = () => undefined, onProgress = () => undefined } = options
  const log = createLog(options.logLevel === undefined ? {} : { level: options.logLevel })
  const metrics = createMetrics()
  const storage = await openStorage({
    ...options.place,
    instanceId: randomUUID(),
    region: options.region,
    onProgress,
  })
  if (options.genesis !== undefined) await requireGenesis({ storage, genesis: options.genesis })
  const chains = new Map(
    options.networks.map((settings) => [settings.network, chainFor({ settings, options })]),
  )
  const chainOf = (network: Network) => {
    const chain = chains.get(network)
    if (!chain) throw new RangeError(`No chain is configured for ${network}.`)
    return chain
  }
  const upstreams = createUpstreams({ providers: options.providers, keys: options.providerKey })
  const settlement: SettlementDependencies = {
    store: storage.settlement,
    due: storage.due,
    networks: options.networks.map(({ network }) => network),
    chainOf,
    clock,
    newId: () => uuidV7({ nowMs: clock.nowMs(), random: clock.random(10) }),
    pollMs: options.pollMs,
    payTo: terms.payTo,
    policy: policyOf(terms),
    reach,
  }
  await recordOpening({ store: storage.reconcile, dependencies: settlement })

  const pass = oneAtATime(async (sweepOptions: SweepOptions) => {
    if (!(await storage.takeLease('settlement'))) return { failures: 0 }
    await recoverCalls({ store: storage.calls, nowMs: clock.nowMs() })
    const failures = await sweep({ dependencies: settlement, options: sweepOptions })
    for (const { network, step, error } of failures) {
      metrics.countSettlementFailure({ network, step })
      logError({ log, error, fields: { network, step } })
    }
    return { failures: failures.length }
  })
  const safeLook = async () => {
    await pass({}).catch((error: unknown) => logError({ log, error, fields: { step: 'look' } }))
  }
  const onError = (error: unknown) => logError({ log, error, fields: { step: 'queue' } })
  const alarm = options.redisUrl
    ? createRedisAlarm({ redisUrl: options.redisUrl, look: safeLook, intervalMs: options.sweepMs, onError })
    : createTimerAlarm({ look: safeLook, intervalMs: options.sweepMs })
  const heartbeat = setInterval(() => {
    storage.instances
      .heartbeat()
      .catch((error: unknown) => logError({ log, error, fields: { step: 'lease' } }))
  }, LIMITS.leaseMs / 3)

  const dependencies: HttpDependencies = {
    call: {
      catalog: options.catalog,
      terms,
      marginBps: options.marginBps,
      defaultOutputTokens: options.defaultOutputTokens,
      secret: options.secret,
      signatures: createSignatureCheck(),
      store: storage.calls,
      upstreams,
      mirrorOf: (network) => chains.get(network)?.mirror,
      fund: (payment) => fund({ payment, dependencies: settlement }),
      wake: alarm.wake,
      turns: createTurns({ sleep: clock.sleep }),
      clock,
      reach,
    },
    settlement,
    freeCallsPerMinute: options.freeCallsPerMinute,
    publicUrl: (request) =>
      options.publicUrl ?? `${request.protocol}://${request.headers.host ?? 'localhost'}`,
    onRecorded: (call) => {
      metrics.countCall(call)
      logCall({ log, call })
    },
    onError: ({ error, requestId, path }) =>
      logError({ log, error, fields: { request_id: requestId, path } }),
    checkReadiness: () => checkReadiness({ ping: storage.ping, chains }),
    readMetrics: metrics.read,
    ...(options.adminToken === undefined ? {} : { adminToken: options.adminToken }),
    admin: {
      getTrialBalance: async () => ({ accounts: (await storage.ledger.trialBalance()).map(balanceForWire) }),
      checkLedger: async () => {
        const checks = await storage.ledger.check()
        metrics.setInvariants(checks.map(({ name, rows }) => ({ name, rows: rows.length })))
        return {
          ok: checks.every(({ ok }) => ok),
          checks: checks.map(({ name, ok, rows }) => ({ name, ok, rows: rows.length })),
        }
      },
      reconcile: () => reconcile({ store: storage.reconcile, dependencies: settlement }),
      settleNow: () => pass({ everything: true }),
    },
  }
  const app = createHttpApp({ dependencies, withAdmin: options.sharesAdmin })
  const listener: Listener = await listen({ app, port: options.port, host: options.host })
  const adminListener = options.adminListener
    ? await listen({ app: createHttpApp({ dependencies, withAdmin: true }), ...options.adminListener })
    : undefined
  alarm.wake()

  return {
    url: listener.url,
    adminUrl: adminListener?.url ?? listener.url,
    port: listener.port,
    settleNow: (sweepOptions = {}) => pass(sweepOptions),
    reconcile: () => reconcile({ store: storage.reconcile, dependencies: settlement }),
    checkLedger: async () =>
      (await storage.ledger.check()).map(({ name, ok, rows }) => ({ name, ok, rows: rows.length })),
    listTransactions: () => storage.admin.listTransactions({ limit: 100 }),
    trialBalance: storage.ledger.trialBalance,
    async close() {
      await Promise.all([listener.close(), adminListener?.close()])
      clearInterval(heartbeat)
      await alarm.close()
      await upstreams.close()
      for (const chain of chains.values()) chain.close()
      await storage.close()
    },
  }
}

const balanceForWire = ({ ledger, account, debits, credits, balance }: TrialBalanceRow) => ({
  ledger,
  account,
  debits: debits.toString(),
  credits: credits.toString(),
  balance: balance.toString(),
})

/** Runs calls one after another: two passes at once would find the same rows due. */
function oneAtATime<Argument, Result>(run: (argument: Argument) => Promise<Result>) {
  let last: Promise<unknown> = Promise.resolve()
  return (argument: Argument): Promise<Result> => {
    const next = last.then(() => run(argument))
    last = next.catch(() => undefined)
    return next
  }
}

async function requireGenesis({ storage, genesis }: { storage: Storage; genesis: string }): Promise<void> {
  const known = await storage.meta.get('genesis')
  if (known === undefined) return storage.meta.set('genesis', genesis)
  if (known === genesis) return undefined
  await storage.close()
  throw new Error(
    'This ledger belongs to another dev chain, so its balances mean nothing here. Start over with: turnpike dev --fresh',
  )
}

function chainFor({ settings, options }: { settings: NetworkOptions; options: AppOptions }) {
  const { network, rpcUrls, finality } = settings
  const { assets, payTo } = options.terms
  return createChain({ network, rpcUrls, keys: options.keys, payTo, finality, assets })
}

/** When money is moved, from the limits of the house and the operator's fees. */
function policyOf(terms: Terms): SettlementDependencies['policy'] {
  const assetOf = (network: string, address: string): Asset => {
    const asset = terms.assets.find((one) => one.network === network && one.address === address)
    if (!asset) throw new RangeError(`The token ${address} on ${network} is not configured.`)
    return asset
  }
  const gasPicoUsd = terms.settlementFees.reduce(
    (most, { feePicoUsd }) => (feePicoUsd > most ? feePicoUsd : most),
    1n,
  )
  return {
    claimAtPicoUsd: LIMITS.claimAtPicoUsd,
    claimEveryMs: LIMITS.claimEverySeconds * 1_000,
    refundAtOncePicoUsd: gasPicoUsd * 100n,
    refundLaterPicoUsd: gasPicoUsd * 2n,
    refundAfterMs: LIMITS.refundAfterMs,
    tillFloatPicoUsd: LIMITS.tillFloatPicoUsd,
    assetsOf: (network): readonly Address[] =>
      terms.assets.filter((one) => one.network === network).map(({ address }) => address),
    decimalsOf: ({ network, asset }) => assetOf(network, asset).decimals,
  }
}

async function checkReadiness({
  ping,
  chains,
}: {
  ping: () => Promise<void>
  chains: ReadonlyMap<Network, { reader: { getHead: () => Promise<unknown> } }>
}) {
  const timed = async (name: string, check: () => Promise<unknown>) => {
    const startedAtMs = performance.now()
    const ok = await check().then(
      () => true,
      () => false,
    )
    return { name, ok, durationMs: Math.round(performance.now() - startedAtMs) }
  }
  return Promise.all([
    timed('database', ping),
    ...[...chains].map(([network, { reader }]) => timed(`chain ${network}`, reader.getHead)),
  ])
}
