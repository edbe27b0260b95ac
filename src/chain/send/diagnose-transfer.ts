import { encodeFunctionData } from 'viem'
import type { Hex } from 'viem'
import { PERMIT2 } from '../../payment/tokens/contracts.ts'
import { erc20Abi, issuerAbi } from '../abi.ts'
import { multicall, readUint } from '../multicall.ts'
import type { Rpc } from '../rpc.ts'
import type { Movement } from './movement.ts'
import type { RefusalReason } from './refusal.ts'

/**
 * Why a token refused without a word, as Tether's does: asks it what it would not say.
 *
 * @returns undefined where the token has no objection that it can be asked about.
 * @throws RpcError
 */
export async function diagnoseTransfer(query: {
  rpc: Rpc
  movement: Movement
}): Promise<RefusalReason | undefined> {
  const { rpc, movement } = query
  const { token, from, amount, viaPermit2 } = movement
  const [paused, isBlacklisted, isBlackListed, balance, allowance] = await multicall({
    rpc,
    calls: [
      encodeFunctionData({ abi: issuerAbi, functionName: 'paused' }),
      encodeFunctionData({ abi: issuerAbi, functionName: 'isBlacklisted', args: [from] }),
      encodeFunctionData({ abi: issuerAbi, functionName: 'isBlackListed', args: [from] }),
      encodeFunctionData({ abi: erc20Abi, functionName: 'balanceOf', args: [from] }),
      encodeFunctionData({ abi: erc20Abi, functionName: 'allowance', args: [from, PERMIT2] }),
    ].map((data) => ({ to: token, data })),
  })
  if (isTrue(paused)) return 'token_paused'
  if (isTrue(isBlacklisted) || isTrue(isBlackListed)) return 'address_blocked'
  if (readUint(balance) < amount) return 'insufficient_balance'
  if (viaPermit2 && readUint(allowance) < amount) return 'insufficient_allowance'
  return undefined
}

const isTrue = (data: Hex | undefined) => data?.length === 66 && BigInt(data) === 1n
