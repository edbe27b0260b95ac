import { decodeErrorResult, parseAbi } from 'viem'
import type { Hex } from 'viem'
import type { RpcError } from '../rpc-error.ts'
import type { RefusalReason } from './refusal.ts'

/** Custom errors of the contracts that we call: x402's, Permit2's, and those of OpenZeppelin's tokens. */
const ERRORS = {
  'error InvalidSignature()': 'invalid-signature',
  'error InvalidSigner()': 'invalid-signature',
  'error InvalidSignatureLength()': 'invalid-signature',
  'error InvalidContractSignature()': 'invalid-signature',
  'error SignatureExpired(uint256 deadline)': 'authorization-expired',
  'error PaymentTooEarly()': 'authorization-not-yet-valid',
  'error InvalidNonce()': 'nonce-used',
  'error InvalidAmount(uint256 maximum)': 'amount-exceeds-permitted',
  'error AmountExceedsPermitted()': 'amount-exceeds-permitted',
  'error UnauthorizedFacilitator()': 'wrong-facilitator',
  'error ClaimExceedsCeiling()': 'claim-exceeds-voucher',
  'error ClaimExceedsBalance()': 'claim-exceeds-balance',
  'error NotReceiverAuthorizer()': 'invalid-channel',
  'error InvalidChannel()': 'invalid-channel',
  'error WithdrawDelayOutOfRange()': 'invalid-channel',
  'error InvalidRefundNonce()': 'refund-nonce-used',
  'error DepositCollectionFailed()': 'deposit-not-collected',
  'error TokenCallFailed(address token)': 'transfer-failed',
  'error SafeERC20FailedOperation(address token)': 'transfer-failed',
  'error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)': 'insufficient-balance',
  'error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)':
    'insufficient-allowance',
  'error EnforcedPause()': 'token-paused',
} as const satisfies Record<string, RefusalReason>

const SIGNATURES = Object.keys(ERRORS)
const errorAbi = parseAbi(SIGNATURES)
const REASON_BY_NAME = new Map<string, RefusalReason>(
  Object.entries(ERRORS).map(([signature, reason]) => [/error (\w+)/.exec(signature)?.[1] ?? '', reason]),
)

/** Sentences of issuers' tokens (Circle's, Tether's, Paxos's) and of solmate, which Permit2 is built on. */
const SENTENCES: readonly (readonly [RegExp, RefusalReason])[] = [
  [/not yet valid/i, 'authorization-not-yet-valid'],
  [/expired/i, 'authorization-expired'],
  [/used or cancel|already used|nonce.*used/i, 'nonce-used'],
  [/invalid signature|signature mismatch/i, 'invalid-signature'],
  [/exceeds allowance|insufficient allowance/i, 'insufficient-allowance'],
  [/exceeds balance|insufficient (?:balance|funds)/i, 'insufficient-balance'],
  [/paused/i, 'token-paused'],
  [/blacklist|blocklist|blocked|frozen|denylist/i, 'address-blocked'],
  [/TRANSFER_FROM_FAILED|TRANSFER_FAILED|SafeERC20/, 'transfer-failed'],
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
