import { LIMITS } from '../../lib/limits.ts'
import type { Atomic } from '../../lib/money.ts'
import { PERMIT2 } from '../../payment/tokens/contracts.ts'
import { chainIdOf } from '../../payment/tokens/networks.ts'
import type { Address, Network } from '../../payment/types.ts'
import type { ApprovalFacts, SignedApproval } from './approval-ports.ts'

/** Why a signed approval is not brought on chain. Each has its sentence in call/admit/allowance-required. */
export type ApprovalRefusal =
  | 'approval_unreadable'
  | 'approval_wrong_chain'
  | 'approval_wrong_sender'
  | 'approval_wrong_token'
  | 'approval_wrong_spender'
  | 'approval_too_small'
  | 'approval_moves_coins'
  | 'approval_gas_too_high'
  | 'approval_nonce_wrong'
  | 'approval_payer_has_code'
  | 'approval_reverts'
  | 'approval_gas_too_low'
  | 'approval_fee_too_low'
  | 'approval_fee_too_high'

/**
 * Whether a payer's bytes are the approval that its payment needs, and nothing else. No I/O.
 *
 * @returns undefined where they are.
 */
export function judgeApproval({
  approval,
  network,
  asset,
  payer,
  neededAtomic,
}: {
  approval: SignedApproval
  network: Network
  asset: Address
  payer: Address
  neededAtomic: Atomic
}): ApprovalRefusal | undefined {
  if (approval.chainId !== chainIdOf(network)) return 'approval_wrong_chain'
  if (approval.from !== payer) return 'approval_wrong_sender'
  if (approval.token !== asset) return 'approval_wrong_token'
  if (approval.spender !== PERMIT2) return 'approval_wrong_spender'
  if (approval.amount < neededAtomic) return 'approval_too_small'
  if (approval.valueWei > 0n) return 'approval_moves_coins'
  return approval.gasLimit > LIMITS.approvalGas ? 'approval_gas_too_high' : undefined
}

/** Whether the chain would take it as its sender's next transaction, at a price that is worth its coins. */
export function judgeFacts({
  approval,
  facts,
}: {
  approval: SignedApproval
  facts: ApprovalFacts
}): ApprovalRefusal | undefined {
  const { nonce, gasLimit, maxFeePerGasWei } = approval
  // One that waits already would have to be outbid, and might be mined instead.
  if (nonce !== facts.nonce || nonce !== facts.pendingNonce) return 'approval_nonce_wrong'
  if (facts.hasCode) return 'approval_payer_has_code'
  if (facts.gas === undefined) return 'approval_reverts'
  if (facts.gas > gasLimit) return 'approval_gas_too_low'
  if (maxFeePerGasWei < facts.nextBaseFeeWei) return 'approval_fee_too_low'
  // What it pays of its own is its own affair.
  const isGiven = facts.coinWei < facts.requiredWei
  return isGiven && maxFeePerGasWei > facts.mostFeePerGasWei ? 'approval_fee_too_high' : undefined
}
