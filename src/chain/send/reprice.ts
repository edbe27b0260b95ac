import { parseTransaction } from 'viem'
import type { Hex } from '../../payment/types.ts'
import type { ChainSender, SignedTransaction } from '../../settlement/ports.ts'
import type { Lane } from '../../settlement/types.ts'
import type { Rpc } from '../rpc.ts'
import { readFeeMarket, replacementFees } from './fees.ts'
import type { FeeCaps } from './fees.ts'
import type { createSign } from './sign.ts'

/**
 * Signs the call inside of signed bytes again, with their nonce and gas limit and a higher fee. One request.
 *
 * @returns undefined where the operator's caps do not allow a higher fee.
 * @throws RpcError
 */
export async function reprice(request: {
  rpc: Rpc
  lane: Lane
  raw: Hex
  caps: FeeCaps
  sign: ReturnType<typeof createSign>
}): Promise<Awaited<ReturnType<ChainSender['reprice']>>> {
  const { rpc, lane, raw, caps, sign } = request
  const old = parseTransaction(raw)
  if (old.type !== 'eip1559' || !old.to || old.gas === undefined || old.nonce === undefined) {
    throw new RangeError('These bytes are not a transaction of ours.')
  }
  const fees = replacementFees({
    old: {
      maxFeePerGasWei: old.maxFeePerGas ?? 0n,
      maxPriorityFeePerGasWei: old.maxPriorityFeePerGas ?? 0n,
    },
    market: await readFeeMarket(rpc),
    caps,
  })
  if (fees === undefined) return undefined
  const call = { to: old.to, data: old.data ?? '0x', ...(old.value ? { valueWei: old.value } : {}) } as const
  const signed: SignedTransaction = await sign({
    lane,
    nonce: old.nonce,
    prepared: { call, gasLimit: old.gas, ...fees },
  })
  return { signed, maxCostWei: old.gas * fees.maxFeePerGasWei + (old.value ?? 0n) }
}
