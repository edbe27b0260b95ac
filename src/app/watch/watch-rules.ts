import { createBudgetQueue } from '../../call/budgets/queue.ts'
import { createRollingThresholds } from '../../call/budgets/rolling-thresholds.ts'
import { createAuthentication } from '../../call/caller/authenticate.ts'
import { createMakeVoucher } from '../../call/caller/make-voucher.ts'
import { createRulesCache } from '../../call/caller/rules-cache.ts'
import { createWalletGate, type WalletGate } from '../../call/caller/screening.ts'
import type { GovernedDependencies } from '../../call/dependencies.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { Storage } from '../../storage/open-storage.ts'
import { type createLog, logError } from '../../telemetry/log.ts'
import { clock } from '../clock.ts'
import type { AppOptions } from '../options/options.ts'
import { repeat } from './repeat.ts'

export type Rules = { readonly governed: GovernedDependencies; readonly close: () => Promise<void> }

const OPEN: WalletGate = { onSilence: 'closed', onlyKnown: false }

/** What binds callers, kept up to date between calls: what is changed here or on another instance is in force within a second. */
export function watchRules({
  options: { apiKeys, walletGate: gate = OPEN },
  storage,
  alerts,
  log,
}: {
  options: Pick<AppOptions, 'apiKeys' | 'walletGate'>
  storage: Storage
  alerts: GovernedDependencies['alerts']
  log: ReturnType<typeof createLog>
}): Rules {
  const rules = createRulesCache({ store: storage.rules, clock })
  const close = repeat({
    everyMs: LIMITS.rulesRefreshMs,
    run: rules.refresh,
    onError: (error) => logError({ log, error, fields: { step: 'rules' } }),
  })
  return {
    governed: {
      rules,
      ...createAuthentication({ rules, ...apiKeys, clock }),
      makeVoucher: createMakeVoucher({ ...apiKeys, clock }),
      budgets: storage.budgets,
      rates: storage.rates,
      queue: createBudgetQueue(clock),
      alerts,
      tellRolling: createRollingThresholds({ store: storage.budgets, alerts, nowMs: clock.nowMs }),
      passWallet: createWalletGate({ gate, store: storage.governance, clock }),
    },
    close,
  }
}
