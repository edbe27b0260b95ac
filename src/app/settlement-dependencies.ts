import { uuidV7 } from '../lib/ids.ts'
import type { SettlementDependencies } from '../settlement/dependencies.ts'
import type { Storage } from '../storage/open-storage.ts'
import { clock } from './clock.ts'
import type { AppOptions } from './options.ts'
import { policyOf } from './settlement-policy.ts'

/** What the stories after the last byte are given. */
export function settlementDependencies({
  options,
  storage,
  chainOf,
}: {
  options: AppOptions
  storage: Storage
  chainOf: SettlementDependencies['chainOf']
}): SettlementDependencies {
  return {
    store: storage.settlement,
    due: storage.due,
    watch: { listChannels: storage.reconcile.listChannelPage },
    networks: options.networks.map(({ network }) => network),
    chainOf,
    clock,
    newId: () => uuidV7({ nowMs: clock.nowMs(), random: clock.random(10) }),
    pollMs: options.pollMs,
    payTo: options.terms.payTo,
    policy: policyOf(options.terms),
    reach: options.reach ?? (() => undefined),
  }
}
