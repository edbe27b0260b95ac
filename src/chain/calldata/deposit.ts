import { encodeAbiParameters, encodeFunctionData, parseAbiParameters } from 'viem'
import type { Hex } from 'viem'
import { BATCH_SETTLEMENT, EIP3009_COLLECTOR, PERMIT2_COLLECTOR } from '../../payment/contracts.ts'
import type { Address, Deposit } from '../../payment/types.ts'
import type { Calldata } from '../../settlement/ports.ts'
import type { Funding } from '../../settlement/types.ts'
import { batchSettlementAbi } from '../abi.ts'
import { toContractSignature } from './contract-signature.ts'

const EIP3009_DATA = parseAbiParameters(
  'uint256 validAfter, uint256 validBefore, uint256 salt, bytes signature',
)
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
  const { collector, data: collectorData } = collectorOf(authorization.deposit)
  const args = [channel.config, amountAtomic, collector, collectorData] as const
  return {
    to: BATCH_SETTLEMENT,
    data: encodeFunctionData({ abi: batchSettlementAbi, functionName: 'deposit', args }),
  }
}

function collectorOf(deposit: Deposit): { collector: Address; data: Hex } {
  const signature = toContractSignature(deposit.signature)
  if (deposit.method === 'eip3009') {
    const { validAfter, validBefore, salt } = deposit
    const values = [BigInt(validAfter), BigInt(validBefore), BigInt(salt), signature] as const
    return { collector: EIP3009_COLLECTOR, data: encodeAbiParameters(EIP3009_DATA, values) }
  }
  // The last field would carry an EIP-2612 permit for Permit2's allowance, which is not offered.
  const values = [deposit.nonce, BigInt(deposit.deadline), signature, '0x'] as const
  return { collector: PERMIT2_COLLECTOR, data: encodeAbiParameters(PERMIT2_DATA, values) }
}
