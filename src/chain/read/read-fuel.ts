import type { Address } from '../../payment/types.ts'
import { readQuantity } from '../rpc.ts'
import type { Rpc } from '../rpc.ts'
import { readFeeMarket } from '../send/fees.ts'

/** What an address has in the network's coin, and what a unit of gas costs in the next block, in wei. @throws RpcError */
export async function readFuel({ rpc, address }: { rpc: Rpc; address: Address }): Promise<{
  readonly balanceWei: bigint
  readonly feePerGasWei: bigint
}> {
  const method = 'eth_getBalance'
  const [balance, market] = await Promise.all([rpc.request(method, [address, 'latest']), readFeeMarket(rpc)])
  return {
    balanceWei: readQuantity({ value: balance, method }),
    feePerGasWei: market.nextBaseFeeWei + market.usualPriorityFeeWei,
  }
}
