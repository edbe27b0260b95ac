import { LIMITS } from '../../lib/limits.ts'
import type { ReconcileDependencies } from '../../settlement/reconcile/dependencies.ts'
import type { SettlementDependencies } from '../../settlement/dependencies.ts'
import type { Storage } from '../../storage/open-storage.ts'
import { clock } from '../clock.ts'
import type { Chains } from './open-chains.ts'
import type { AppOptions } from '../options/options.ts'

/** What reconciliation is given: the books, the chains' past, and our addresses. */
export function reconcileDependencies({
  options,
  storage,
  chains,
  settlement,
}: {
  options: AppOptions
  storage: Storage
  chains: Chains
  settlement: SettlementDependencies
}): ReconcileDependencies {
  const { payTo, till } = options.terms
  const { assetsOf, decimalsOf } = settlement.policy
  return {
    store: storage.reconcile,
    findings: storage.findings,
    networks: settlement.networks,
    historyOf: (network) => chains.of(network).history,
    nowMs: clock.nowMs,
    graceMs: options.reconcileGraceMs ?? LIMITS.reconcileGraceMs,
    payTo,
    till,
    assetsOf,
    decimalsOf,
  }
}
