import { encodeFunctionData, parseAbi } from 'viem'
import { LIMITS } from '../../lib/limits.ts'
import { maxBigint, minBigint } from '../../lib/money.ts'
import type { Address } from '../../payment/types.ts'
import type { ApprovalFacts, SignedApproval } from '../../settlement/sponsored/approval-ports.ts'
import { RpcError } from '../rpc-error.ts'
import { ethCall, readCount, readHex, readQuantity, type Rpc } from '../rpc.ts'
import { type FeeCaps, readFeeMarket } from '../send/fees.ts'

const approveAbi = parseAbi(['function approve(address spender, uint256 amount)'])
const oracleAbi = parseAbi(['function getL1Fee(bytes transaction) view returns (uint256)'])
/** Of OP-stack chains: what the data of a transaction costs beside its gas. Elsewhere nothing lives there. */
const L1_FEE_ORACLE: Address = '0x420000000000000000000000000000000000000f'
/** That price moves with Ethereum's. */
const L1_FEE_ROOM = 2n
const NO_CODE = '0x'

/**
 * What the chain says of an approval and its sender: nine requests that travel together.
 *
 * @throws RpcError
 */
export async function weighApproval({
  rpc,
  approval,
  caps,
}: {
  rpc: Rpc
  approval: SignedApproval
  caps: FeeCaps
}): Promise<ApprovalFacts> {
  const { from, gasLimit, maxFeePerGasWei } = approval
  const count = async (block: 'latest' | 'pending') => {
    const method = 'eth_getTransactionCount'
    return readCount({ value: await rpc.request(method, [from, block]), method })
  }
  const [nonce, pendingNonce, code, coinWei, gas, market, suggestedTipWei, l1FeeWei] = await Promise.all([
    count('latest'),
    count('pending'),
    rpc.request('eth_getCode', [from, 'latest']),
    readAmount({ rpc, method: 'eth_getBalance', params: [from, 'latest'] }),
    gasOf({ rpc, approval }),
    readFeeMarket(rpc),
    suggestedTipOf(rpc),
    l1FeeOf({ rpc, approval }),
  ])
  const { nextBaseFeeWei, usualPriorityFeeWei } = market
  const tipWei = minBigint(maxBigint(usualPriorityFeeWei, suggestedTipWei), caps.maxPriorityFeePerGasWei)
  return {
    nonce,
    pendingNonce,
    hasCode: readHex({ value: code, method: 'eth_getCode' }) !== NO_CODE,
    coinWei,
    requiredWei: gasLimit * maxFeePerGasWei + l1FeeWei * L1_FEE_ROOM,
    ...(gas === undefined ? {} : { gas }),
    nextBaseFeeWei,
    mostFeePerGasWei: minBigint((nextBaseFeeWei + tipWei) * LIMITS.approvalFeeFactor, caps.maxFeePerGasWei),
  }
}

/** What the node would have a wallet offer, which may be more than others have paid; zero where it does not say. */
async function suggestedTipOf(rpc: Rpc): Promise<bigint> {
  const asked = readAmount({ rpc, method: 'eth_maxPriorityFeePerGas', params: [] })
  return asked.catch((error: unknown) => {
    if (error instanceof RpcError && error.kind !== 'unreachable') return 0n
    throw error
  })
}

async function readAmount(query: { rpc: Rpc; method: string; params: readonly unknown[] }): Promise<bigint> {
  const { rpc, method, params } = query
  return readQuantity({ value: await rpc.request(method, params), method })
}

/** Undefined where the token reverts, or says false: Tether's does not change an allowance that is not zero. */
async function gasOf({
  rpc,
  approval: { from, token: to, spender, amount },
}: {
  rpc: Rpc
  approval: SignedApproval
}): Promise<bigint | undefined> {
  const data = encodeFunctionData({ abi: approveAbi, functionName: 'approve', args: [spender, amount] })
  try {
    const [answer, gas] = await Promise.all([
      ethCall({ rpc, to, data, from }),
      readAmount({ rpc, method: 'eth_estimateGas', params: [{ from, to, data }] }),
    ])
    return /^0x0{64}$/.test(answer) ? undefined : gas
  } catch (error) {
    if (error instanceof RpcError && error.isRevert) return undefined
    throw error
  }
}

async function l1FeeOf({ rpc, approval }: { rpc: Rpc; approval: SignedApproval }): Promise<bigint> {
  const data = encodeFunctionData({ abi: oracleAbi, functionName: 'getL1Fee', args: [approval.raw] })
  const answer = await ethCall({ rpc, to: L1_FEE_ORACLE, data })
  return answer.length === 66 ? BigInt(answer) : 0n
}
