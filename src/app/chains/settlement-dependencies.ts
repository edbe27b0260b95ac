import { uuidV7 } from '../../lib/ids.ts'
import type { SettlementDependencies } from '../../settlement/dependencies.ts'
import type { Storage } from '../../storage/open-storage.ts'
import { type createLog, logNotice } from '../../telemetry/log.ts'
import type { Metrics } from '../../telemetry/metrics.ts'
import { clock } from '../clock.ts'
import type { AppOptions } from '../options/options.ts'
import { policyOf } from '../options/settlement-policy.ts'

/** What the stories after the last byte are given. */
export function settlementDependencies({
  options,
  storage,
  chainOf,
  isSuspended,
  metrics,
  log,
}: {
  options: AppOptions
  storage: Storage
  chainOf: SettlementDependencies['chainOf']
  isSuspended: SettlementDependencies['isSuspended']
  metrics: Metrics
  log: ReturnType<typeof createLog>
}): SettlementDependencies {
  return {
    store: storage.settlement,
    due: storage.due,
    balances: storage.balances,
    lanes: storage.lanes,
    watch: { listChannels: storage.reconcile.listChannelPage },
    networks: options.networks.map(({ network }) => network),
    chainOf,
    clock,
    newId: () => uuidV7({ nowMs: clock.nowMs(), random: clock.random(10) }),
    pollMs: options.pollMs,
    payTo: options.terms.payTo,
    policy: policyOf(options),
    reach: options.reach ?? (() => undefined),
    isSuspended,
    notice: (notice) => {
      metrics.countNotice(notice)
      logNotice({ log, notice })
    },
  }
}
