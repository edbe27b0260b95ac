import { decodeFunctionData } from 'viem'
import {
  BATCH_SETTLEMENT,
  EXACT_PROXY,
  PERMIT2_COLLECTOR,
  UPTO_PROXY,
} from '../../payment/tokens/contracts.ts'
import type { Address } from '../../payment/types.ts'
import type { Calldata } from '../../settlement/ports.ts'
import {
  batchSettlementAbi,
  eip3009Abi,
  eip3009BytesAbi,
  erc20Abi,
  exactProxyAbi,
  exactProxyPermitAbi,
  uptoProxyAbi,
  uptoProxyPermitAbi,
} from '../abi.ts'

/** The token movement that a call of ours asks for. */
export type Movement = {
  readonly token: Address
  readonly from: Address
  readonly amount: bigint
  readonly viaPermit2: boolean
}

/**
 * Reads token, payer and amount back out of calldata that this room encoded.
 *
 * @returns undefined where the call moves nobody's tokens but the contract's own (claim, settle, refund).
 */
export function movementOf(request: { call: Calldata; lane: Address }): Movement | undefined {
  try {
    if (request.call.to === EXACT_PROXY) return exactMovement(request.call)
    if (request.call.to === UPTO_PROXY) return uptoMovement(request.call)
    if (request.call.to === BATCH_SETTLEMENT) return depositMovement(request.call)
    return tokenMovement(request)
  } catch {
    return undefined
  }
}

const lower = (address: Address) => address.toLowerCase() as Address

function exactMovement({ data }: Calldata): Movement {
  const { args } = decodeFunctionData({ abi: [...exactProxyAbi, ...exactProxyPermitAbi], data })
  const [permit, owner] = args.length === 5 ? [args[1], args[2]] : args
  const { token, amount } = permit.permitted
  return { token: lower(token), from: lower(owner), amount, viaPermit2: true }
}

function uptoMovement({ data }: Calldata): Movement {
  const { args } = decodeFunctionData({ abi: [...uptoProxyAbi, ...uptoProxyPermitAbi], data })
  const [permit, amount, owner] = args.length === 6 ? [args[1], args[2], args[3]] : args
  return { token: lower(permit.permitted.token), from: lower(owner), amount, viaPermit2: true }
}

function depositMovement({ data }: Calldata): Movement | undefined {
  const { functionName, args } = decodeFunctionData({ abi: batchSettlementAbi, data })
  if (functionName !== 'deposit') return undefined
  const [config, amount, collector] = args
  const viaPermit2 = lower(collector) === PERMIT2_COLLECTOR
  return { token: lower(config.token), from: lower(config.payer), amount, viaPermit2 }
}

function tokenMovement({ call, lane }: { call: Calldata; lane: Address }): Movement | undefined {
  const { to: token, data } = call
  const abi = [...erc20Abi, ...eip3009Abi, ...eip3009BytesAbi] as const
  const { functionName, args } = decodeFunctionData({ abi, data })
  if (functionName === 'transfer') return { token, from: lane, amount: args[1], viaPermit2: false }
  if (functionName !== 'transferWithAuthorization') return undefined
  return { token, from: lower(args[0]), amount: args[2], viaPermit2: false }
}
