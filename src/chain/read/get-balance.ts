import { encodeFunctionData } from 'viem'
import { PERMIT2 } from '../../payment/tokens/contracts.ts'
import type { Address } from '../../payment/types.ts'
import { erc20Abi } from '../abi.ts'
import { readUint } from '../multicall.ts'
import { ethCall } from '../rpc.ts'
import type { Rpc } from '../rpc.ts'

/** A token balance now, or as it was after a block. One request. @throws RpcError, also where no token lives there */
export async function getBalance(query: {
  rpc: Rpc
  asset: Address
  owner: Address
  blockNumber?: bigint
}): Promise<bigint> {
  const { rpc, asset, owner, blockNumber } = query
  const data = encodeFunctionData({ abi: erc20Abi, functionName: 'balanceOf', args: [owner] })
  return readUint(await ethCall({ rpc, to: asset, data, blockNumber }))
}

/** How much Permit2 may move of an owner's tokens. One request. @throws RpcError */
export async function getPermit2Allowance(query: {
  rpc: Rpc
  asset: Address
  owner: Address
}): Promise<bigint> {
  const { rpc, asset, owner } = query
  const data = encodeFunctionData({ abi: erc20Abi, functionName: 'allowance', args: [owner, PERMIT2] })
  return readUint(await ethCall({ rpc, to: asset, data }))
}
