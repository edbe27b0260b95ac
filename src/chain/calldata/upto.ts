import { encodeFunctionData } from 'viem'
import { UPTO_PROXY } from '../../payment/tokens/contracts.ts'
import type { Address } from '../../payment/types.ts'
import type { Calldata } from '../../settlement/ports.ts'
import type { DueSettlement } from '../../settlement/types.ts'
import { uptoProxyAbi, uptoProxyPermitAbi } from '../abi.ts'
import { toContractSignature } from './contract-signature.ts'
import { tokenPermit } from './token-permit.ts'

/**
 * Moves what an `upto` call was charged to `payTo`. The payer's signature names the signer as the facilitator: no other
 * lane can send this.
 *
 * @throws RangeError where the charge exceeds what the payer permitted.
 */
export function uptoCalldata(request: {
  settlement: DueSettlement
  payTo: Address
  facilitator: Address
}): Calldata {
  const { settlement, payTo, facilitator } = request
  const { authorization, asset, payer, amountAtomic } = settlement
  const permittedAtomic = BigInt(authorization.permittedAtomic)
  if (amountAtomic > permittedAtomic) throw new RangeError('The charge exceeds what the payer permitted.')
  const permit = {
    permitted: { token: asset, amount: permittedAtomic },
    nonce: BigInt(authorization.nonce),
    deadline: BigInt(authorization.deadline),
  }
  const witness = { to: payTo, facilitator, validAfter: BigInt(authorization.validAfter) }
  const args = [permit, amountAtomic, payer, witness, toContractSignature(authorization.signature)] as const
  const data = authorization.permit
    ? encodeFunctionData({
        abi: uptoProxyPermitAbi,
        functionName: 'settleWithPermit',
        args: [tokenPermit({ permit: authorization.permit, valueAtomic: permittedAtomic }), ...args],
      })
    : encodeFunctionData({ abi: uptoProxyAbi, functionName: 'settle', args })
  return { to: UPTO_PROXY, data }
}
