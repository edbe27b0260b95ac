import { encodeFunctionData } from 'viem'
import type { Hex } from 'viem'
import { BATCH_SETTLEMENT } from '../../payment/tokens/contracts.ts'
import type { ChannelConfig } from '../../payment/types.ts'
import type { Calldata } from '../../settlement/ports.ts'
import type { ClaimRow } from '../../settlement/types.ts'
import { batchSettlementAbi } from '../abi.ts'
import { encodeClaim, encodeRefund } from './batch-contract.ts'
import type { Authorizer } from './batch-contract.ts'

/** Claims what was charged and gives the rest back, both or neither. */
export function channelRefundCalldata(request: {
  authorizer: Authorizer
  claim?: ClaimRow
  config: ChannelConfig
  channelId: Hex
  amountAtomic: bigint
  refundNonce: bigint
}): Calldata {
  const { authorizer, claim } = request
  const refund = encodeRefund(request)
  if (claim === undefined) return { to: BATCH_SETTLEMENT, data: refund }
  const steps = [encodeClaim({ authorizer, rows: [claim] }), refund]
  const data = encodeFunctionData({ abi: batchSettlementAbi, functionName: 'multicall', args: [steps] })
  return { to: BATCH_SETTLEMENT, data }
}
