import { encodeAbiParameters, encodeFunctionData, parseAbiParameters } from 'viem'
import type { Hex } from 'viem'
import { BATCH_SETTLEMENT, EIP3009_COLLECTOR, PERMIT2_COLLECTOR } from '../../payment/tokens/contracts.ts'
import type { Address } from '../../payment/types.ts'
import type { Calldata } from '../../settlement/ports.ts'
import type { Funding, FundingAuthorization } from '../../settlement/types.ts'
import { batchSettlementAbi } from '../abi.ts'
import { toContractSignature } from './contract-signature.ts'
import { tokenPermit } from './token-permit.ts'

const EIP3009_DATA = parseAbiParameters(
  'uint256 validAfter, uint256 validBefore, uint256 salt, bytes signature',
)
/** What the collector hands to the token's `permit` first. */
const TOKEN_PERMIT_DATA = parseAbiParameters('uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s')
const PERMIT2_DATA = parseAbiParameters(
  'uint256 nonce, uint256 deadline, bytes signature, bytes eip2612Permit',
)

/**
 * Moves the payer's deposit into its channel.
 *
 * @throws RangeError where the funding is no deposit.
 */
export function depositCalldata({ funding }: { funding: Funding }): Calldata {
  const { authorization, channel, amountAtomic } = funding
  if (authorization.kind !== 'deposit' || channel === undefined) {
    throw new RangeError('This funding is not the deposit of a channel.')
  }
  const { collector, data: collectorData } = collectorOf(authorization)
  const args = [channel.config, amountAtomic, collector, collectorData] as const
  return {
    to: BATCH_SETTLEMENT,
    data: encodeFunctionData({ abi: batchSettlementAbi, functionName: 'deposit', args }),
  }
}

type DepositAuthorization = Extract<FundingAuthorization, { kind: 'deposit' }>

function collectorOf({ deposit, permit }: DepositAuthorization): { collector: Address; data: Hex } {
  const signature = toContractSignature(deposit.signature)
  if (deposit.method === 'eip3009') {
    const { validAfter, validBefore, salt } = deposit
    const values = [BigInt(validAfter), BigInt(validBefore), BigInt(salt), signature] as const
    return { collector: EIP3009_COLLECTOR, data: encodeAbiParameters(EIP3009_DATA, values) }
  }
  const allowance = permit ? tokenPermitData({ permit, valueAtomic: deposit.amountAtomic }) : '0x'
  const values = [deposit.nonce, BigInt(deposit.deadline), signature, allowance] as const
  return { collector: PERMIT2_COLLECTOR, data: encodeAbiParameters(PERMIT2_DATA, values) }
}

function tokenPermitData(request: Parameters<typeof tokenPermit>[0]): Hex {
  const { value, deadline, v, r, s } = tokenPermit(request)
  return encodeAbiParameters(TOKEN_PERMIT_DATA, [value, deadline, v, r, s])
}
