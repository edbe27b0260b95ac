import { encodeFunctionData } from 'viem'
import type { Hex } from 'viem'
import { claimBatchDigest, refundDigest } from '../../payment/signing/channel-digest.ts'
import { signDigest } from '../../payment/signing/signature.ts'
import type { ChannelConfig, Network } from '../../payment/types.ts'
import type { ClaimRow } from '../../settlement/types.ts'
import { batchSettlementAbi } from '../abi.ts'
import { toContractSignature } from './contract-signature.ts'

/** The receiver authorizer of one network: it signs claims and refunds, whoever sends them. */
export type Authorizer = { readonly network: Network; readonly privateKey: Hex }

/**
 * Books what several channels owe, all or nothing.
 *
 * @throws RangeError without rows, or where a row claims more than its voucher allows: the contract would revert.
 */
export function encodeClaim({
  authorizer,
  rows,
}: {
  authorizer: Authorizer
  rows: readonly ClaimRow[]
}): Hex {
  if (rows.length === 0) throw new RangeError('A claim needs at least one channel.')
  if (rows.some((row) => row.totalClaimedAtomic > row.voucher.maxAtomic)) {
    throw new RangeError('A claim may not exceed its voucher.')
  }
  const claims = rows.map(({ channelId, voucher, totalClaimedAtomic }) => ({
    channelId,
    maxAtomic: voucher.maxAtomic,
    totalClaimedAtomic,
  }))
  const digest = claimBatchDigest({ claims, network: authorizer.network })
  const signature = signDigest({ digest, privateKey: authorizer.privateKey })
  const voucherClaims = rows.map(({ config, voucher, totalClaimedAtomic }) => ({
    voucher: { channel: config, maxClaimableAmount: voucher.maxAtomic },
    signature: toContractSignature(voucher.signature),
    totalClaimed: totalClaimedAtomic,
  }))
  return encodeFunctionData({
    abi: batchSettlementAbi,
    functionName: 'claimWithSignature',
    args: [voucherClaims, signature],
  })
}

/** Gives back escrow that is not claimed. The contract gives at most what is there, and takes each nonce once. */
export function encodeRefund(request: {
  authorizer: Authorizer
  config: ChannelConfig
  channelId: Hex
  amountAtomic: bigint
  refundNonce: bigint
}): Hex {
  const { authorizer, config, channelId, amountAtomic, refundNonce } = request
  const { network, privateKey } = authorizer
  const digest = refundDigest({ channelId, nonce: refundNonce, amountAtomic, network })
  return encodeFunctionData({
    abi: batchSettlementAbi,
    functionName: 'refundWithSignature',
    args: [config, amountAtomic, refundNonce, signDigest({ digest, privateKey })],
  })
}
