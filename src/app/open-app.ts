import { randomUUID } from 'node:crypto'
import { createHttpApp, listen } from '../http/server.ts'
import { recordOpening } from '../settlement/opening.ts'
import type { Address, Network } from '../payment/types.ts'
import { openStorage } from '../storage/open-storage.ts'
import { createLog } from '../telemetry/log.ts'
import { createMetrics } from '../telemetry/metrics.ts'
import { createUpstreams } from '../providers/create-upstreams.ts'
import { alertEndpoints } from './watch/alert-endpoints.ts'
import { awaitOpenCalls } from './await-open-calls.ts'
import { httpDependencies } from './http-dependencies.ts'
import { loadQualityView } from './load-quality-view.ts'
import { openChains } from './chains/open-chains.ts'
import type { App, AppOptions } from './options/options.ts'
import { requireFacilitators } from './chains/require-facilitators.ts'
import { requireGenesis } from './require-genesis.ts'
import { requireOwnKeys } from './require-own-keys.ts'
import { requireTokenTruth } from './chains/require-token-truth.ts'
import { settlementDependencies } from './chains/settlement-dependencies.ts'
import { shareHealth } from './watch/share-health.ts'
import { startSettling } from './watch/start-settling.ts'
import { tellPrices } from './watch/tell-prices.ts'
import { watchBooks } from './watch/watch-books.ts'
import { watchFeedback } from './watch/watch-feedback.ts'
import { watchRules } from './watch/watch-rules.ts'
import { watchTokens } from './watch/watch-tokens.ts'
import { watchUsage } from './watch/watch-usage.ts'
import { watchWebhooks } from './watch/watch-webhooks.ts'

export type { App, AppOptions, BooksReport } from './options/options.ts'

/**
 * Opens and joins the rooms in the order in which they need one another, and listens last; closes them the other way round.
 *
 * @throws ConfigError, or an Error whose sentence says what to do; what was opened by then is closed again.
 */
export async function openApp(options: AppOptions): Promise<App> {
  const log = createLog(options.logLevel === undefined ? {} : { level: options.logLevel })
  const metrics = createMetrics()
  const storage = await openStorage({
    ...options.place,
    instanceId: randomUUID(),
    region: options.region,
    ...(options.onProgress ? { onProgress: options.onProgress } : {}),
  })
  const closers: (() => unknown)[] = [storage.close, () => awaitOpenCalls(storage)]
  const close = async () => {
    for (const closeOne of closers.toReversed()) await closeOne()
  }
  try {
    if (options.genesis !== undefined) await requireGenesis({ meta: storage.meta, genesis: options.genesis })
    const webhooks = watchWebhooks({ options, storage, metrics, log })
    // Before the database is closed, and after the last call: until its end it may note something.
    closers.splice(1, 0, webhooks.close)
    await tellPrices({ outbox: storage.outbox, catalog: options.catalog })
    const chains = openChains(options)
    closers.push(chains.close)
    const onNote = (line: string) => log.warn({ event: 'not_offered', line }, line)
    const { missing, assets } = options.checksTokens
      ? await requireTokenTruth({ chains, terms: options.terms, onNote })
      : { missing: new Map<Network, readonly Address[]>(), assets: options.terms.assets }
    await requireFacilitators({
      chains,
      onNote: (line) => log.warn({ event: 'facilitator_away', line }, line),
    })
    // What is offered. Settlement goes on with all that is configured: an earlier start may have taken what this one does not offer.
    const offering: AppOptions = { ...options, terms: { ...options.terms, assets } }
    await requireOwnKeys({ chains: chains.all, lanes: storage.lanes })
    const tokens = await watchTokens({ options: offering, chains, missing, metrics, log })
    closers.push(tokens.close)
    const { connectMs } = options
    const upstreams = createUpstreams({
      providers: options.providers,
      keys: options.providerKey,
      ...(connectMs === undefined ? {} : { timeouts: { connectMs } }),
    })
    closers.push(upstreams.close)
    const settlement = settlementDependencies({
      options,
      storage,
      chainOf: chains.of,
      isSuspended: tokens.isSuspended,
      metrics,
      log,
    })
    await recordOpening({ store: storage.reconcile, dependencies: settlement })

    const settling = startSettling({ options, storage, settlement, metrics, log })
    closers.push(settling.close)
    const { healthFlushMs: everyMs } = options
    const alerts = alertEndpoints({ outbox: storage.outbox, sink: webhooks.sink, catalog: options.catalog })
    const health = await shareHealth({
      storage,
      alerts,
      metrics,
      log,
      ...(everyMs === undefined ? {} : { everyMs }),
    })
    closers.push(health.close)
    const usage = watchUsage({ storage, metrics, log })
    closers.push(usage.close)
    const feedback = watchFeedback({ store: storage.feedback, secret: options.secret, log })
    closers.push(feedback.close)
    const rules = watchRules({ options, storage, alerts: webhooks.sink, log })
    closers.push(rules.close)
    const books = watchBooks({ options, storage, chains, settlement, usage, metrics, log })
    closers.push(books.close)
    const dependencies = httpDependencies({
      options: offering,
      storage,
      chains,
      upstreams,
      health: health.watch,
      settlement,
      settling,
      books,
      usage,
      feedback,
      governed: rules.governed,
      webhooks,
      quality: loadQualityView(options),
      withheldOf: tokens.withheldOf,
      metrics,
      log,
    })
    const app = createHttpApp({ dependencies, withAdmin: options.sharesAdmin })
    const listener = await listen({ app, port: options.port, host: options.host })
    closers.push(listener.close)
    const adminListener = options.adminListener
      ? await listen({ app: createHttpApp({ dependencies, withAdmin: true }), ...options.adminListener })
      : undefined
    if (adminListener) closers.push(adminListener.close)
    settling.wake()

    return {
      url: listener.url,
      adminUrl: adminListener?.url ?? listener.url,
      port: listener.port,
      settleNow: (sweepOptions = {}) => settling.settleNow(sweepOptions),
      reconcile: books.reconcile,
      checkLedger: books.check,
      listTransactions: () => storage.admin.listTransactions({ limit: 100 }),
      trialBalance: storage.ledger.trialBalance,
      forgetHealth: health.watch.forget,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
