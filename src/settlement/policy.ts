import type { Address, Network } from '../payment/types.ts'

/** What gas may cost on one network. What is absent is not limited. */
export type GasPolicy = {
  /** Pico-USD of one whole native coin (1e18 wei): the operator's rate. */
  readonly coinPicoUsd?: bigint
  /** Share of the moved value that gas may take, in basis points. */
  readonly maxShareBps: bigint
  /** Wei within 24 hours. */
  readonly maxPerDayWei?: bigint
}

/** When money is moved. Amounts are in USD and turn into each token's atomic units. */
export type SettlementPolicy = {
  readonly claimAtPicoUsd: bigint
  readonly claimEveryMs: number
  /** Credit that is worth less waits for its payer's next call. Gas differs a thousandfold between networks, and so do these. */
  readonly refundAtOncePicoUsd: (network: Network) => bigint
  readonly refundLaterPicoUsd: (network: Network) => bigint
  readonly refundAfterMs: number
  /** What the till keeps; more is swept to payTo. */
  readonly tillFloatPicoUsd: bigint
  readonly gasOf: (network: Network) => GasPolicy
  readonly assetsOf: (network: Network) => readonly Address[]
  readonly decimalsOf: (query: { network: Network; asset: string }) => number
}
