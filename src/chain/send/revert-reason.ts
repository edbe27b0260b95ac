import { decodeErrorResult, parseAbi } from 'viem'
import type { Hex } from 'viem'
import type { RpcError } from '../rpc-error.ts'
import type { RefusalReason } from './refusal.ts'

/** Custom errors of the contracts that we call: x402's, Permit2's, and those of OpenZeppelin's tokens. */
const ERRORS = {
  'error InvalidSignature()': 'invalid_signature',
  'error InvalidSigner()': 'invalid_signature',
  'error InvalidSignatureLength()': 'invalid_signature',
  'error InvalidContractSignature()': 'invalid_signature',
  'error SignatureExpired(uint256 deadline)': 'authorization_expired',
  'error PaymentTooEarly()': 'authorization_not_yet_valid',
  'error InvalidNonce()': 'nonce_used',
  'error InvalidAmount(uint256 maximum)': 'amount_exceeds_permitted',
  'error AmountExceedsPermitted()': 'amount_exceeds_permitted',
  'error UnauthorizedFacilitator()': 'wrong_facilitator',
  'error ClaimExceedsCeiling()': 'claim_exceeds_voucher',
  'error ClaimExceedsBalance()': 'claim_exceeds_balance',
  'error NotReceiverAuthorizer()': 'invalid_channel',
  'error InvalidChannel()': 'invalid_channel',
  'error WithdrawDelayOutOfRange()': 'invalid_channel',
  'error InvalidRefundNonce()': 'refund_nonce_used',
  'error DepositCollectionFailed()': 'deposit_not_collected',
  'error TokenCallFailed(address token)': 'transfer_failed',
  'error SafeERC20FailedOperation(address token)': 'transfer_failed',
  'error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)': 'insufficient_balance',
  'error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)':
    'insufficient_allowance',
  'error EnforcedPause()': 'token_paused',
} as const satisfies Record<string, RefusalReason>

const SIGNATURES = Object.keys(ERRORS)
const errorAbi = parseAbi(SIGNATURES)
const REASON_BY_NAME = new Map<string, RefusalReason>(
  Object.entries(ERRORS).map(([signature, reason]) => [/error (\w+)/.exec(signature)?.[1] ?? '', reason]),
)

/** Sentences of issuers' tokens (Circle's, Tether's, Paxos's) and of solmate, which Permit2 is built on. */
const SENTENCES: readonly (readonly [RegExp, RefusalReason])[] = [
  [/not yet valid/i, 'authorization_not_yet_valid'],
  [/expired/i, 'authorization_expired'],
  [/used or cancel|already used|nonce.*used/i, 'nonce_used'],
  [/invalid signature|signature mismatch/i, 'invalid_signature'],
  [/exceeds allowance|insufficient allowance/i, 'insufficient_allowance'],
  [/exceeds balance|insufficient (?:balance|funds)/i, 'insufficient_balance'],
  [/paused/i, 'token_paused'],
  [/blacklist|blocklist|blocked|frozen|denylist/i, 'address_blocked'],
  [/TRANSFER_FROM_FAILED|TRANSFER_FAILED|SafeERC20/, 'transfer_failed'],
]

/** A short name for a revert. The contract's own text and data go no further than here. */
export function revertReason(error: RpcError): RefusalReason {
  const decoded = error.revertData && decodeRevert(error.revertData)
  if (decoded?.name === 'Error') return sentenceReason(decoded.text)
  if (decoded) return REASON_BY_NAME.get(decoded.name) ?? 'reverted'
  return sentenceReason(error.refusal)
}

function sentenceReason(text: string): RefusalReason {
  return SENTENCES.find(([pattern]) => pattern.test(text))?.[1] ?? 'reverted'
}

function decodeRevert(data: Hex): { name: string; text: string } | undefined {
  try {
    const { errorName, args } = decodeErrorResult({ abi: errorAbi, data })
    const [text] = args ?? []
    return { name: errorName, text: typeof text === 'string' ? text : '' }
  } catch {
    return undefined
  }
}
