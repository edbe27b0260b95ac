import { encodeFunctionData } from 'viem'
import type { Address } from '../../payment/types.ts'
import type { Calldata } from '../../settlement/ports.ts'
import { erc20Abi } from '../abi.ts'

/** A plain transfer from the lane's own balance: the till's refunds and sweeps. */
export function transferCalldata(request: { asset: Address; to: Address; amountAtomic: bigint }): Calldata {
  const { asset, to, amountAtomic } = request
  const data = encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [to, amountAtomic] })
  return { to: asset, data }
}
