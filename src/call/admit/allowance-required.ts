import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import { PERMIT2 } from '../../payment/tokens/contracts.ts'
import { chainIdOf } from '../../payment/tokens/networks.ts'
import type { Asset } from '../../payment/types.ts'
import type { ApprovalRefusal } from '../../settlement/sponsored/judge-approval.ts'

type Way = { readonly said: string; readonly next?: string }

const SIGN_AGAIN = 'Sign the approval again, then a fresh offer.'

/** What is wrong with a signed approval, and how its payer mends it. */
const APPROVALS: Readonly<Record<ApprovalRefusal, (asset: Asset) => Way>> = {
  approval_unreadable: () => ({
    said: 'the bytes are not a signed EIP-1559 transaction that calls approve(address,uint256), without an access list',
    next: 'Sign approve(Permit2, amount) as an EIP-1559 transaction and send its raw bytes as signedTransaction.',
  }),
  approval_wrong_chain: ({ network }) => ({
    said: `it is signed for another chain than ${chainIdOf(network)}`,
    next: `Sign it for chain id ${chainIdOf(network)}.`,
  }),
  approval_wrong_sender: () => ({ said: 'it is signed by another key than the payer’s', next: SIGN_AGAIN }),
  approval_wrong_token: ({ address }) => ({ said: `it does not call ${address}`, next: SIGN_AGAIN }),
  approval_wrong_spender: () => ({ said: `it does not approve Permit2 (${PERMIT2})`, next: SIGN_AGAIN }),
  approval_too_small: () => ({ said: 'it approves less than this payment moves', next: SIGN_AGAIN }),
  approval_moves_coins: () => ({ said: 'it sends coins along', next: 'Sign it with the value 0.' }),
  approval_gas_too_high: () => ({
    said: `it may use more than ${LIMITS.approvalGas} gas`,
    next: 'Sign it with the gas that eth_estimateGas tells; the published client takes 70000.',
  }),
  approval_nonce_wrong: () => ({
    said: 'its nonce is not the next one of the payer, or a transaction of the payer waits to be mined',
    next: 'Wait until the payer has nothing pending, and sign it with eth_getTransactionCount(payer, "latest").',
  }),
  approval_payer_has_code: () => ({
    said: 'the payer is a contract or acts as one (EIP-7702), to which no gas is given',
  }),
  approval_reverts: () => ({
    said: 'the token would refuse it; some do not change an allowance that is not zero',
    next: 'Send approve(Permit2, 0) first, then pay again with a new approval.',
  }),
  approval_gas_too_low: () => ({
    said: 'it would run out of gas',
    next: 'Sign it with the gas that eth_estimateGas tells.',
  }),
  approval_fee_too_low: () => ({
    said: 'its maxFeePerGas is below what the next block asks',
    next: 'Sign it with the fees that the chain asks now (eth_feeHistory).',
  }),
  approval_fee_too_high: () => ({
    said: `its maxFeePerGas is more than ${LIMITS.approvalFeeFactor} times what gas costs`,
    next: 'Sign it with the fees that the chain asks now (eth_feeHistory); give the client’s signer estimateFeesPerGas.',
  }),
}

/** The same of what this server has had of approvals before. */
const HISTORY: Readonly<Record<string, Way>> = {
  sponsored_enough_today: { said: 'this server pays for no more allowances today' },
  sponsored_enough_for_payer: { said: 'this server pays for no more allowances of this payer today' },
  sponsored_in_vain: {
    said: 'this payer was given the gas of an approval before, and that approval was never made',
  },
  approval_nonce_given_up: { said: 'another approval with this nonce was given up' },
  approval_failed: { said: 'it was not mined in time, or it reverted' },
  approval_overtaken: { said: 'another transaction of the payer was mined with its nonce' },
  approval_used_up: { said: 'it was mined before, and what it allowed is gone' },
  gas_budget_spent: { said: 'this server has spent its gas of the day' },
  token_suspended: { said: 'the token is suspended by its issuer' },
}

/**
 * 412: Permit2 may not move the payer's tokens. With what came beside the payment and why it did not help, where something came.
 *
 * @param reason a word of settlement/sponsored/sponsor-approval, or the chain's refusal of a permit.
 */
export function allowanceRequired({
  asset,
  reason,
}: {
  asset: Asset
  reason?: string | undefined
}): TurnpikeError {
  const { address, symbol, network } = asset
  const byItself = `Call approve(${PERMIT2}, 2^256-1) on ${address} (${symbol}, ${network}) once, then pay again.`
  if (reason === undefined) return new TurnpikeError('permit2_allowance_required', { next: byItself })
  const way = APPROVALS[reason as ApprovalRefusal]?.(asset) ?? HISTORY[reason]
  const why = way ? `${way.said} (${reason})` : reason
  return new TurnpikeError('permit2_allowance_required', {
    message: `The allowance that came with the payment is not sponsored: ${why}. Nothing was moved.`,
    next: way?.next === undefined ? byItself : `${way.next} Or: ${byItself}`,
    extra: { reason },
  })
}
