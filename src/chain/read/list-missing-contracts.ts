import { CONTRACT_NAMES } from '../../payment/tokens/contracts.ts'
import type { Address } from '../../payment/types.ts'
import { readHex } from '../rpc.ts'
import type { Rpc } from '../rpc.ts'

/** Those of the contracts that x402 settles through which this chain does not have. @throws RpcError */
export async function listMissingContracts({ rpc }: { rpc: Rpc }): Promise<readonly Address[]> {
  const method = 'eth_getCode'
  const addresses = Object.keys(CONTRACT_NAMES) as Address[]
  const codes = await Promise.all(addresses.map((address) => rpc.request(method, [address, 'latest'])))
  return addresses.filter((_address, index) => readHex({ value: codes[index], method }).length <= 2)
}
