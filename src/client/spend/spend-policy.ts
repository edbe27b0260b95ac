import type { PicoUsd } from '../../lib/money.ts'
import type { Address, Network } from '../../payment/types.ts'
import type { ChallengeOffer } from '../wire/challenge.ts'
import { createOfferJudge, type ApprovedOffer } from './judge-offers.ts'
import { createSpendCounts, type Reservation, type Spent } from './spend-counts.ts'
import type { SpendLimits } from './spend-limits.ts'
import { usdToPico, type Usd } from '../wire/usd.ts'

export type SpendPolicy = {
  /** @throws SpendRefusedError the reason why the best offer is refused, where none is allowed. */
  readonly choose: (parameters: {
    offers: readonly ChallengeOffer[]
    url: string
    askedUrl?: string
  }) => ApprovedOffer
  /** @throws SpendRefusedError `max_per_hour`, `max_per_run`, `max_total`. */
  readonly reserve: (parameters: { ceilingPicoUsd: PicoUsd; run: string }) => Reservation
  /** Of an allowed token; 6 for any other. */
  readonly decimalsOf: (token: { network: Network; asset: Address }) => number
  readonly maxDepositPicoUsd: PicoUsd
  readonly maxInChannelsPicoUsd: PicoUsd | undefined
  readonly spent: () => Spent
}

/** The most that is put into a channel at once where the caller has not said otherwise. */
const DEFAULT_MAX_DEPOSIT_USD = '5'

function maxDepositOf({ limits, depositUsd }: { limits: SpendLimits; depositUsd: Usd | undefined }): PicoUsd {
  if (limits.maxDepositUsd !== undefined) return usdToPico(limits.maxDepositUsd)
  const usualPicoUsd = usdToPico(DEFAULT_MAX_DEPOSIT_USD)
  const wishedPicoUsd = usdToPico(depositUsd ?? 0)
  return wishedPicoUsd > usualPicoUsd ? wishedPicoUsd : usualPicoUsd
}

/** @param depositUsd what the caller wishes to put into a channel at a time. */
export function createSpendPolicy({
  limits,
  depositUsd,
  nowMs,
}: {
  limits: SpendLimits
  depositUsd?: Usd | undefined
  nowMs: () => number
}): SpendPolicy {
  const { choose, assetOf } = createOfferJudge(limits)
  const { reserve, spent } = createSpendCounts({ limits, nowMs })
  return {
    choose,
    reserve,
    decimalsOf: (token) => assetOf(token)?.decimals ?? 6,
    maxDepositPicoUsd: maxDepositOf({ limits, depositUsd }),
    maxInChannelsPicoUsd:
      limits.maxInChannelsUsd === undefined ? undefined : usdToPico(limits.maxInChannelsUsd),
    spent,
  }
}
