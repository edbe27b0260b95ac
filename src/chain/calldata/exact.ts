import { encodeFunctionData, slice } from 'viem'
import { EXACT_PROXY } from '../../payment/tokens/contracts.ts'
import type { Address } from '../../payment/types.ts'
import type { Calldata } from '../../settlement/ports.ts'
import type { Funding, FundingAuthorization } from '../../settlement/types.ts'
import { eip3009Abi, eip3009BytesAbi, exactProxyAbi, exactProxyPermitAbi } from '../abi.ts'
import { isKeySignature, toContractSignature } from './contract-signature.ts'
import { tokenPermit } from './token-permit.ts'

type Exact = Extract<FundingAuthorization, { kind: 'exact' }>
type Request<Method extends Exact['method']> = {
  funding: Funding
  till: Address
  authorization: Extract<Exact, { method: Method }>
}

/**
 * Moves an `exact` payment, all of it, to the till.
 *
 * @throws RangeError where the funding is no `exact` payment.
 */
export function exactCalldata({ funding, till }: { funding: Funding; till: Address }): Calldata {
  const { authorization } = funding
  if (authorization.kind !== 'exact') throw new RangeError('This funding is not an exact payment.')
  if (authorization.method === 'permit2') return permit2Call({ funding, till, authorization })
  return eip3009Call({ funding, till, authorization })
}

function eip3009Call({ funding, till, authorization }: Request<'eip3009'>): Calldata {
  const { validAfter, validBefore, nonce, signature } = authorization
  const args = [
    funding.payer,
    till,
    funding.amountAtomic,
    BigInt(validAfter),
    BigInt(validBefore),
    nonce,
  ] as const
  const functionName = 'transferWithAuthorization'
  if (!isKeySignature(signature)) {
    const data = encodeFunctionData({ abi: eip3009BytesAbi, functionName, args: [...args, signature] })
    return { to: funding.asset, data }
  }
  // Not every token has the spelling with bytes.
  const whole = toContractSignature(signature)
  const split = [Number(slice(whole, 64)), slice(whole, 0, 32), slice(whole, 32, 64)] as const
  const data = encodeFunctionData({ abi: eip3009Abi, functionName, args: [...args, ...split] })
  return { to: funding.asset, data }
}

function permit2Call({ funding, till, authorization }: Request<'permit2'>): Calldata {
  const permit = {
    permitted: { token: funding.asset, amount: funding.amountAtomic },
    nonce: BigInt(authorization.nonce),
    deadline: BigInt(authorization.validBefore),
  }
  const witness = { to: till, validAfter: BigInt(authorization.validAfter) }
  const args = [permit, funding.payer, witness, toContractSignature(authorization.signature)] as const
  const data = authorization.permit
    ? encodeFunctionData({
        abi: exactProxyPermitAbi,
        functionName: 'settleWithPermit',
        args: [tokenPermit({ permit: authorization.permit, valueAtomic: funding.amountAtomic }), ...args],
      })
    : encodeFunctionData({ abi: exactProxyAbi, functionName: 'settle', args })
  return { to: EXACT_PROXY, data }
}
