import { readArray, readObject, readQuantity, unusable } from '../rpc.ts'
import type { Rpc } from '../rpc.ts'

/** What an operator is ready to pay per unit of gas, in wei. */
export type FeeCaps = {
  readonly maxFeePerGasWei: bigint
  readonly maxPriorityFeePerGasWei: bigint
}

export type Fees = {
  readonly maxFeePerGasWei: bigint
  readonly maxPriorityFeePerGasWei: bigint
  /** What a unit of gas costs in the next block. */
  readonly usualFeePerGasWei: bigint
}

const GWEI = 1_000_000_000n
export const DEFAULT_FEE_CAPS: FeeCaps = {
  maxFeePerGasWei: 200n * GWEI,
  maxPriorityFeePerGasWei: 5n * GWEI,
}
/** Below this, builders of some chains leave a transaction lying. */
const LEAST_PRIORITY_WEI = 1_000_000n
const BLOCKS = 5n
const PERCENTILE = 50

export type FeeMarket = { readonly nextBaseFeeWei: bigint; readonly usualPriorityFeeWei: bigint }

/**
 * The next block's base fee and the tip that half of the gas of the last blocks was worth.
 *
 * @throws RpcError
 */
export async function readFeeMarket(rpc: Rpc): Promise<FeeMarket> {
  const method = 'eth_feeHistory'
  const value = await rpc.request(method, [`0x${BLOCKS.toString(16)}`, 'latest', [PERCENTILE]])
  const history = readObject({ value, method })
  const baseFees = readArray({ value: history['baseFeePerGas'], method })
  const rewards = readArray({ value: history['reward'] ?? [], method })
  const tips = rewards
    .map((row) => readQuantity({ value: readArray({ value: row, method })[0], method }))
    .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  if (baseFees.length === 0) throw unusable(method)
  return {
    nextBaseFeeWei: readQuantity({ value: baseFees.at(-1), method }),
    usualPriorityFeeWei: tips[Math.floor(tips.length / 2)] ?? 0n,
  }
}

/**
 * EIP-1559 fees within the operator's caps: room for the base fee to double (six full blocks), plus the usual tip.
 *
 * @returns undefined where the cap does not even cover the next block's base fee.
 */
export function feesWithin({ market, caps }: { market: FeeMarket; caps: FeeCaps }): Fees | undefined {
  const { nextBaseFeeWei, usualPriorityFeeWei } = market
  if (nextBaseFeeWei >= caps.maxFeePerGasWei) return undefined
  const wished = usualPriorityFeeWei > LEAST_PRIORITY_WEI ? usualPriorityFeeWei : LEAST_PRIORITY_WEI
  const tip = least(wished, caps.maxPriorityFeePerGasWei, caps.maxFeePerGasWei - nextBaseFeeWei)
  const maxFeePerGasWei = least(nextBaseFeeWei * 2n + tip, caps.maxFeePerGasWei)
  return { maxFeePerGasWei, maxPriorityFeePerGasWei: tip, usualFeePerGasWei: nextBaseFeeWei + tip }
}

/** Nodes want at least a tenth more on both fees before they take other bytes for the same nonce; an eighth is safe. */
const raised = (feeWei: bigint) => feeWei + feeWei / 8n + 1n

/**
 * Fees for bytes that replace others: an eighth more on both, or what the market asks where that is more.
 *
 * @returns undefined where the caps do not allow it: the old bytes stay, and wait.
 */
export function replacementFees({
  old,
  market,
  caps,
}: {
  old: Pick<Fees, 'maxFeePerGasWei' | 'maxPriorityFeePerGasWei'>
  market: FeeMarket
  caps: FeeCaps
}): Pick<Fees, 'maxFeePerGasWei' | 'maxPriorityFeePerGasWei'> | undefined {
  const usual = feesWithin({ market, caps })
  if (usual === undefined) return undefined
  const maxFeePerGasWei = most(usual.maxFeePerGasWei, raised(old.maxFeePerGasWei))
  const maxPriorityFeePerGasWei = most(usual.maxPriorityFeePerGasWei, raised(old.maxPriorityFeePerGasWei))
  const isAllowed = maxFeePerGasWei <= caps.maxFeePerGasWei && maxPriorityFeePerGasWei <= maxFeePerGasWei
  return isAllowed ? { maxFeePerGasWei, maxPriorityFeePerGasWei } : undefined
}

const least = (...amounts: readonly bigint[]) => amounts.reduce((a, b) => (a < b ? a : b))
const most = (a: bigint, b: bigint) => (a > b ? a : b)
