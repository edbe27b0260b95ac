import { encodeFunctionData } from 'viem'
import { BATCH_SETTLEMENT } from '../../payment/tokens/contracts.ts'
import type { Address } from '../../payment/types.ts'
import type { Calldata } from '../../settlement/ports.ts'
import { batchSettlementAbi } from '../abi.ts'

/** Pays out to the receiver whatever is claimed of one token. Where nothing is, the contract does nothing. */
export function settleCalldata({ payTo, asset }: { payTo: Address; asset: Address }): Calldata {
  const data = encodeFunctionData({ abi: batchSettlementAbi, functionName: 'settle', args: [payTo, asset] })
  return { to: BATCH_SETTLEMENT, data }
}
