import type { Asset, Scheme } from '../../payment/types.ts'
import type { Usd } from '../wire/usd.ts'

/** What a wallet lets a paying fetch do. */
export type SpendLimits = {
  /** Schemes in the order of preference. Default: batch-settlement, upto, exact. */
  readonly schemes?: readonly Scheme[] | undefined
  /** The highest ceiling of one call. Default 1. */
  readonly maxPerCallUsd?: Usd | undefined
  /** Charges of any 3,600 seconds, with the ceilings of calls in flight. Default: no limit. */
  readonly maxPerHourUsd?: Usd | undefined
  /** The same of one run: of all calls with the same `x-turnpike-run` header, or of those without one. Default: no limit. */
  readonly maxPerRunUsd?: Usd | undefined
  /** All charges of this paying fetch, with the ceilings of calls in flight. Default: no limit. */
  readonly maxTotalUsd?: Usd | undefined
  /** The most that one deposit may be. Default: 5, or `depositUsd` where that is more. */
  readonly maxDepositUsd?: Usd | undefined
  /** The most that may lie in all channels together, charges taken off. Default: no limit. */
  readonly maxInChannelsUsd?: Usd | undefined
  /** The longest that a withdrawal past the server may take. Default: seven days. */
  readonly maxWithdrawDelaySeconds?: number | undefined
  /** Tokens that may be spent. Default: USDC on Base and Base Sepolia. Each counts as one USD. */
  readonly assets?: readonly Asset[] | undefined
  /** CAIP-2 names. Default: the networks of the assets. */
  readonly networks?: readonly string[] | undefined
  /** Hosts that may be paid, as in `new URL(x).host`. Default: the one that was asked. */
  readonly hosts?: readonly string[] | undefined
  /** Addresses that may be paid: `payTo` of an offer, which for a channel is its receiver. Default: any. */
  readonly recipients?: readonly string[] | undefined
}
