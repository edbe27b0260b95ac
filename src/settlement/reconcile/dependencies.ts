import type { Address, Network } from '../../payment/types.ts'
import type { ChainHistory, FindingStore, ReconcileStore } from './ports.ts'

/** What reconciliation is given, joined once by the app. */
export type ReconcileDependencies = {
  readonly store: ReconcileStore
  readonly findings: FindingStore
  readonly networks: readonly Network[]
  readonly historyOf: (network: Network) => ChainHistory
  readonly nowMs: () => number
  /** How long a difference lasts before it is a finding. */
  readonly graceMs: number
  readonly payTo: Address
  readonly till: Address
  readonly assetsOf: (network: Network) => readonly Address[]
  readonly decimalsOf: (query: { network: Network; asset: string }) => number
}

/** One network's part of a pass. */
export type NetworkPass = { readonly network: Network; readonly dependencies: ReconcileDependencies }
