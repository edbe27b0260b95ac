import { LIMITS } from '../../lib/limits.ts'
import type { SettlementDependencies } from '../../settlement/dependencies.ts'
import { recordFindings } from '../../settlement/reconcile/record-findings.ts'
import { reconcile } from '../../settlement/reconcile/reconcile.ts'
import type { Difference } from '../../settlement/reconcile/types.ts'
import type { Storage } from '../../storage/open-storage.ts'
import { type createLog, logError } from '../../telemetry/log.ts'
import type { Metrics } from '../../telemetry/metrics.ts'
import { clock } from '../clock.ts'
import { oneAtATime } from './one-at-a-time.ts'
import type { Chains } from '../chains/open-chains.ts'
import type { AppOptions, BooksReport } from '../options/options.ts'
import { reconcileDependencies } from '../chains/reconcile-dependencies.ts'
import { repeat } from './repeat.ts'
import type { UsageFindings } from './watch-usage.ts'

type Check = { readonly name: string; readonly ok: boolean; readonly rows: number }

export type Books = {
  /** Every invariant, with the number of rows that break it. */
  readonly check: () => Promise<readonly Check[]>
  /** Ledger against chain, now, and what stands open about usage. */
  readonly reconcile: () => Promise<BooksReport>
  readonly close: () => Promise<void>
}

/** The check reads the whole ledger: it may take a hundredth of the time and no more, so it comes more rarely as the ledger grows. */
const PAUSE_PER_CHECK = 100
const DAY_MS = 86_400_000

/**
 * Looks after the books by a timer: history is hashed, ledger and chain are joined, the invariants are checked; one instance does
 * it, the one that settles. Figures are set on every instance.
 */
export function watchBooks({
  options,
  storage,
  chains,
  settlement,
  usage,
  metrics,
  log,
}: {
  options: AppOptions
  storage: Storage
  chains: Chains
  settlement: SettlementDependencies
  usage: UsageFindings
  metrics: Metrics
  log: ReturnType<typeof createLog>
}): Books {
  const dependencies = reconcileDependencies({ options, storage, chains, settlement })
  let checkAgainAtMs = 0

  const check = oneAtATime(async () => {
    const startedAtMs = clock.nowMs()
    const checks = (await storage.ledger.check()).map(({ name, ok, rows }) => ({
      name,
      ok,
      rows: rows.length,
    }))
    metrics.setInvariants(checks)
    await recordBroken({ storage, checks })
    checkAgainAtMs = clock.nowMs() + (clock.nowMs() - startedAtMs) * PAUSE_PER_CHECK
    return checks
  })
  const reconcileOnce = oneAtATime(async () => {
    const result = await reconcile({ dependencies })
    const [sinceMs, olderThanMs] = [clock.nowMs() - DAY_MS, clock.nowMs() - dependencies.graceMs]
    const shares = await storage.findings.explainedShares({ sinceMs, olderThanMs })
    metrics.setReconciled({ shares, nowMs: clock.nowMs() })
    return result
  })
  const showFindings = async () =>
    metrics.setFindings({ counts: await storage.findings.countOpen(), nowMs: clock.nowMs() })

  const pass = async () => {
    if (await storage.takeLease('settlement')) {
      const history = await storage.ledger.extendHistory()
      const { differences, compared, atBlock, notes } = await reconcileOnce(undefined)
      log.info(
        { event: 'reconciled', differences: differences.length, ...compared, at: atBlock, notes, history },
        'reconciled',
      )
      if (clock.nowMs() >= checkAgainAtMs) await check(undefined)
    }
    await showFindings()
  }
  const stop = repeat({
    everyMs: options.reconcileMs ?? LIMITS.reconcileEveryMs,
    run: pass,
    onError: (error) => logError({ log, error, fields: { step: 'books' } }),
  })

  return {
    check: () => check(undefined),
    reconcile: async () => {
      const result = { ...(await reconcileOnce(undefined)), usage: await usage.list() }
      await showFindings()
      return result
    },
    close: stop,
  }
}

/** A broken invariant is a finding at once, and is closed when it holds again. */
async function recordBroken({
  storage,
  checks,
}: {
  storage: Storage
  checks: readonly Check[]
}): Promise<void> {
  const differences = checks
    .filter(({ ok }) => !ok)
    .map(({ name, rows }): Difference => ({
      class: 'invariant',
      network: 'ledger',
      subject: name,
      ledger: `${rows} rows break it`,
      chain: '-',
      sinceMs: 0,
    }))
  const standing = await storage.findings.listStanding({ network: 'ledger' })
  await recordFindings({
    store: storage.findings,
    standing,
    differences,
    graceMs: 0,
    atMs: clock.nowMs(),
  })
}
