import { atomicToPicoUsd } from '../../lib/money.ts'
import type { Network } from '../../payment/types.ts'
import type { SettlementPolicy } from '../policy.ts'
import type { Prepared } from '../ports.ts'
import type { Purpose } from '../types.ts'

export type GasRefusal = 'gas_above_share' | 'gas_budget_spent'

const WEI_PER_COIN = 10n ** 18n
const BPS = 10_000n
export const GAS_DAY_MS = 86_400_000

/** What the transaction moves, in atomic units of its token. */
function amountOf(purpose: Purpose): bigint {
  if (purpose.kind === 'gas-gift' || purpose.kind === 'approval') return 0n
  if (purpose.kind === 'claim') return purpose.rows.reduce((sum, { delta }) => sum + BigInt(delta), 0n)
  if (purpose.kind === 'channel-refund') return BigInt(purpose.amount) + BigInt(purpose.claimDelta)
  return BigInt(purpose.amount)
}

/**
 * Whether gas is worth what it moves, and within the day's budget. What is held back stays due: a later pass finds cheaper gas,
 * or more to move at once.
 *
 * @param isUrgent money would be lost by waiting: then gas may take all of the value, and not a unit more.
 */
export function gasRefusal({
  prepared,
  purpose,
  network,
  spentWei,
  isUrgent,
  policy,
}: {
  prepared: Extract<Prepared, { ok: true }>
  purpose: Purpose
  network: Network
  /** In the last 24 hours. */
  spentWei: bigint
  isUrgent: boolean
  policy: SettlementPolicy
}): GasRefusal | undefined {
  const { coinPicoUsd, maxShareBps, maxPerDayWei } = policy.gasOf(network)
  if (maxPerDayWei !== undefined && spentWei + maxCostWeiOf(prepared) > maxPerDayWei)
    return 'gas_budget_spent'
  if (coinPicoUsd === undefined) return undefined
  const decimals = policy.decimalsOf({ network, asset: purpose.asset })
  const valuePicoUsd = atomicToPicoUsd({ amountAtomic: amountOf(purpose), decimals })
  const gasPicoUsd = (prepared.gasLimit * prepared.usualFeePerGasWei * coinPicoUsd) / WEI_PER_COIN
  return gasPicoUsd * BPS > valuePicoUsd * (isUrgent ? BPS : maxShareBps) ? 'gas_above_share' : undefined
}

/** Gas and fee at their caps, and the coins that go along. */
export const maxCostWeiOf = ({
  gasLimit,
  maxFeePerGasWei,
  call,
}: Pick<Extract<Prepared, { ok: true }>, 'gasLimit' | 'maxFeePerGasWei' | 'call'>) =>
  gasLimit * maxFeePerGasWei + (call.valueWei ?? 0n)
