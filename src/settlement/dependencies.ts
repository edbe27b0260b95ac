import type { Address, Network } from '../payment/types.ts'
import type { Reach } from './crash-points.ts'
import type { GasPolicy } from './gas-policy.ts'
import type { Notice } from './notice.ts'
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

/** When money is moved. Amounts are in USD and turn into each token's atomic units. */
export type SettlementPolicy = {
  readonly claimAtPicoUsd: bigint
  readonly claimEveryMs: number
  /** Credit that is worth less waits for its payer's next call. */
  readonly refundAtOncePicoUsd: bigint
  readonly refundLaterPicoUsd: bigint
  readonly refundAfterMs: number
  /** What the till keeps; more is swept to payTo. */
  readonly tillFloatPicoUsd: bigint
  readonly gasOf: (network: Network) => GasPolicy
  readonly assetsOf: (network: Network) => readonly Address[]
  readonly decimalsOf: (query: { network: Network; asset: string }) => number
}
