import type { Address, Network } from '../payment/types.ts'
import type { Reach } from './crash-points.ts'
import type { Notice } from './notice.ts'
import type { SettlementPolicy } from './policy.ts'
import type {
  BalanceStore,
  DueStore,
  LaneStore,
  SettlementChain,
  SettlementStore,
  WatchStore,
} from './ports.ts'

/** Everything that the stories after the last byte need from outside, joined once by app.ts. */
export type SettlementDependencies = {
  readonly store: SettlementStore
  readonly due: DueStore
  readonly balances: BalanceStore
  readonly lanes: LaneStore
  readonly watch: WatchStore
  readonly networks: readonly Network[]
  readonly chainOf: (network: Network) => SettlementChain
  readonly clock: { readonly nowMs: () => number; readonly sleep: (durationMs: number) => Promise<void> }
  /** A time-ordered id for a new row. */
  readonly newId: () => string
  /** Between two looks at the chain for one receipt. */
  readonly pollMs: number
  readonly payTo: Address
  readonly policy: SettlementPolicy
  readonly reach: Reach
  /** Whether a token's issuer has paused it, or takes a fee of it: nothing of it is moved without need. */
  readonly isSuspended: (query: { network: Network; asset: Address }) => boolean
  /** What an operator should be able to count and read. */
  readonly notice: (notice: Notice) => void
}
