import { decodeFunctionResult, encodeFunctionData } from 'viem'
import type { Hex } from 'viem'
import type { Address } from '../payment/types.ts'
import { multicall3Abi } from './abi.ts'
import { MULTICALL3 } from '../payment/tokens/contracts.ts'
import { ethCall, unusable } from './rpc.ts'
import type { Asker } from './rpc.ts'

export type ReadCall = { readonly to: Address; readonly data: Hex }

/**
 * Many reads of one block in one request. @returns per call its bytes, or undefined where it reverted or nothing lives
 * at the address.
 */
export async function multicall(query: {
  rpc: Asker
  calls: readonly ReadCall[]
  blockNumber?: bigint | undefined
}): Promise<readonly (Hex | undefined)[]> {
  const { rpc, calls, blockNumber } = query
  const data = encodeFunctionData({
    abi: multicall3Abi,
    functionName: 'aggregate3',
    args: [calls.map(({ to, data }) => ({ target: to, allowFailure: true, callData: data }))],
  })
  const answer = await ethCall({ rpc, to: MULTICALL3, data, blockNumber })
  const results = decode(() =>
    decodeFunctionResult({ abi: multicall3Abi, functionName: 'aggregate3', data: answer }),
  )
  if (results.length !== calls.length) throw unusable('eth_call')
  return results.map(({ success, returnData }) => (success && returnData.length > 2 ? returnData : undefined))
}

/** Runs a decoder of contract results; bytes that do not fit make the answer unusable. */
export function decode<Value>(read: () => Value): Value {
  try {
    return read()
  } catch {
    throw unusable('eth_call')
  }
}

/** Result of a function that returns one uint256. */
export function readUint(data: Hex | undefined): bigint {
  if (data === undefined || data.length !== 66) throw unusable('eth_call')
  return BigInt(data)
}
