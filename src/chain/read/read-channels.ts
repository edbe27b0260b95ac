import { decodeFunctionResult, encodeFunctionData } from 'viem'
import { maxBigint } from '../../lib/money.ts'
import { BATCH_SETTLEMENT } from '../../payment/tokens/contracts.ts'
import type { Hex } from '../../payment/types.ts'
import type { OnChainChannel } from '../../settlement/ports.ts'
import { batchSettlementAbi as abi } from '../abi.ts'
import { decode, multicall, readUint } from '../multicall.ts'
import type { Asker, Rpc } from '../rpc.ts'
import { unusable } from '../rpc.ts'

/** Three reads each: about a million gas, well within what nodes grant to an eth_call. */
const CHANNELS_PER_CALL = 100

/**
 * What the contract knows of channels, in the order of the ids; zeros for a channel that was never opened. Per RPC
 * one request per 100 channels, and those travel together.
 *
 * @throws RpcError
 */
export async function readChannels(query: {
  rpc: Rpc
  channelIds: readonly Hex[]
  blockNumber?: bigint | undefined
}): Promise<readonly OnChainChannel[]> {
  const { rpc, channelIds, blockNumber } = query
  if (channelIds.length === 0) return []
  const chunks: (readonly Hex[])[] = []
  for (let start = 0; start < channelIds.length; start += CHANNELS_PER_CALL) {
    chunks.push(channelIds.slice(start, start + CHANNELS_PER_CALL))
  }
  const answers = await rpc.consult(async (one) =>
    (await Promise.all(chunks.map((ids) => readChunk({ rpc: one, ids, blockNumber })))).flat(),
  )
  return answers.reduce((all, more) => all.map((channel, index) => merged(channel, more[index] ?? channel)))
}

/**
 * Where RPCs differ: a withdrawal that one of them knows closes a channel, and money is missing only where none of them has it.
 */
function merged(a: OnChainChannel, b: OnChainChannel): OnChainChannel {
  return {
    balanceAtomic: maxBigint(a.balanceAtomic, b.balanceAtomic),
    totalClaimedAtomic: maxBigint(a.totalClaimedAtomic, b.totalClaimedAtomic),
    withdrawRequestedAt: Math.max(a.withdrawRequestedAt, b.withdrawRequestedAt),
    refundNonce: maxBigint(a.refundNonce, b.refundNonce),
  }
}

async function readChunk({
  rpc,
  ids,
  blockNumber,
}: {
  rpc: Asker
  ids: readonly Hex[]
  blockNumber: bigint | undefined
}): Promise<OnChainChannel[]> {
  const datas = ids.flatMap((id) => [
    encodeFunctionData({ abi, functionName: 'channels', args: [id] }),
    encodeFunctionData({ abi, functionName: 'pendingWithdrawals', args: [id] }),
    encodeFunctionData({ abi, functionName: 'refundNonce', args: [id] }),
  ])
  const calls = datas.map((data) => ({ to: BATCH_SETTLEMENT, data }))
  const answers = await multicall({ rpc, calls, blockNumber })
  return ids.map((_, index) => readChannel(answers.slice(index * 3, index * 3 + 3)))
}

function readChannel([channel, withdrawal, refundNonce]: readonly (Hex | undefined)[]): OnChainChannel {
  if (channel === undefined || withdrawal === undefined) throw unusable('eth_call')
  const [balanceAtomic, totalClaimedAtomic] = decode(() =>
    decodeFunctionResult({ abi, functionName: 'channels', data: channel }),
  )
  const [, withdrawRequestedAt] = decode(() =>
    decodeFunctionResult({ abi, functionName: 'pendingWithdrawals', data: withdrawal }),
  )
  return { balanceAtomic, totalClaimedAtomic, withdrawRequestedAt, refundNonce: readUint(refundNonce) }
}
