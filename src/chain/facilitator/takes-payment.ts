import { decodeFunctionData } from 'viem'
import type { Abi } from 'viem'
import type { Order } from '../../facilitator/types.ts'
import { EXACT_PROXY, UPTO_PROXY } from '../../payment/tokens/contracts.ts'
import type { Hex } from '../../payment/types.ts'
import type { Calldata } from '../../settlement/ports.ts'
import {
  eip3009Abi,
  eip3009BytesAbi,
  exactProxyAbi,
  exactProxyPermitAbi,
  uptoProxyAbi,
  uptoProxyPermitAbi,
} from '../abi.ts'

const TOKEN_ABI = [...eip3009Abi, ...eip3009BytesAbi] as Abi
const PROXY_ABI = [...exactProxyAbi, ...uptoProxyAbi, ...exactProxyPermitAbi, ...uptoProxyPermitAbi] as Abi

/**
 * Whether a call is the one that takes this payment: its payer and its nonce stand where the contract reads them. Digits somewhere in
 * the bytes would prove nothing, since payers choose their nonces: one that reads like an amount is in every payment of that amount.
 */
export function takesPayment({
  call: { to, data },
  order: { payment, asset },
}: {
  call: Calldata
  order: Pick<Order, 'payment' | 'asset'>
}): boolean {
  if (payment.type === 'eip3009') {
    const args = to === asset ? argumentsOf({ abi: TOKEN_ABI, data }) : []
    return isSame(args[0], payment.from) && isSame(args[5], payment.nonce)
  }
  if (to !== EXACT_PROXY && to !== UPTO_PROXY) return false
  const args = argumentsOf({ abi: PROXY_ABI, data })
  const permit = args.find(isPermit)
  return permit?.nonce === payment.nonce && args.some((one) => isSame(one, payment.from))
}

const isPermit = (value: unknown): value is { nonce: bigint } =>
  typeof value === 'object' && value !== null && 'permitted' in value && 'nonce' in value

const isSame = (value: unknown, text: string) =>
  typeof value === 'string' && value.toLowerCase() === text.toLowerCase()

function argumentsOf({ abi, data }: { abi: Abi; data: Hex }): readonly unknown[] {
  try {
    return decodeFunctionData({ abi, data }).args ?? []
  } catch {
    // Another function than those that take payments.
    return []
  }
}
