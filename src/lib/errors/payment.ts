import { conflict, defineErrors, type ErrorSpec, invalid } from './define.ts'

/** A payment that can be mended by signing again: the answer carries a fresh offer. */
const again = (message: string, next: string): ErrorSpec => ({
  status: 402,
  type: 'payment_required',
  retryable: false,
  message,
  next,
})

/** Raised by payment/ and by call/admit/admit. All of them before a provider is called. */
export const PAYMENT_ERRORS = defineErrors({
  payment_required: again(
    'This call costs money.',
    'Sign one of the offers in the PAYMENT-REQUIRED header (x402) and send the request again.',
  ),
  payment_header_duplicate: invalid(
    'The request carries more than one payment header.',
    'Send PAYMENT-SIGNATURE (x402 v2) or X-PAYMENT (v1), once.',
  ),
  payment_header_too_large: invalid(
    'The payment header is larger than 8 KiB once decoded.',
    'Echo the offer unchanged and add nothing to it.',
  ),
  payment_undecodable: invalid(
    'The payment header is not base64 of an x402 payment.',
    'Encode the JSON of the payment as base64, as @x402/fetch does.',
  ),
  payment_malformed: invalid(
    'The payment lacks a field or has one of the wrong form.',
    'Correct the field named in param; amounts are decimal strings of atomic units.',
  ),
  payment_unsupported: invalid(
    'This server does not take that scheme, version or kind of payment here.',
    'Choose one of the offers of the 402.',
  ),
  payment_not_needed: invalid(
    'There is nothing to pay at this address without a request body.',
    'Send the request body together with the payment; the payment was not used.',
  ),
  offer_mismatch: again(
    'The payment names terms that were not offered.',
    'Sign one of the fresh offers unchanged: network, asset, amount and recipient must be those of the offer.',
  ),
  quote_missing: again('The payment carries no quote.', 'Echo `extra.quote` of the offer unchanged.'),
  quote_forged: again(
    'The quote was not issued by this server.',
    'Sign a fresh offer and echo its quote unchanged.',
  ),
  quote_expired: again('The quote has expired.', 'Sign a fresh offer; a quote is honoured for 120 seconds.'),
  quote_mismatch: again(
    'The quote was issued for another request.',
    'Send exactly the body that was quoted, or ask for a fresh quote.',
  ),
  payment_expired: again('The payment is no longer valid.', 'Sign again with a later expiry.'),
  payment_validity_too_short: again(
    'The payment expires before this call could be settled.',
    'Sign with the `maxTimeoutSeconds` of the offer.',
  ),
  payment_not_yet_valid: again(
    'The payment is valid only later.',
    'Sign again with validAfter in the past; check the clock.',
  ),
  signature_invalid: again(
    'The signature does not belong to the payer.',
    'Sign with the key of the paying address, over the domain of the offer.',
  ),
  signature_malleable: again(
    'The signature has a high s value, which the contracts reject.',
    'Sign with a library that normalises s (EIP-2).',
  ),
  insufficient_funds: again(
    'The payer cannot cover this call.',
    'Fund the paying address or choose a cheaper call.',
  ),
  exposure_exceeded: again(
    'This payer has too much unsettled already.',
    'Wait until earlier calls are settled, or pay through a channel (batch-settlement).',
  ),
  deposits_only: again(
    'An `upto` payment of this payer could not be settled, so this server gives it no credit any more.',
    'Pay in advance: a channel with a deposit (batch-settlement), or `exact`.',
  ),
  invalid_batch_settlement_evm_cumulative_amount_mismatch: again(
    'The voucher does not cover this call together with those already running.',
    'Sign again from the channel state in the offer; @x402/fetch does so by itself.',
  ),
  channel_unknown: again(
    'There is no deposit in this channel.',
    'Send a deposit payment first; @x402/fetch does so by itself.',
  ),
  channel_withdrawing: again(
    'The payer has begun to withdraw from this channel.',
    'Finish the withdrawal and open a new channel (another salt).',
  ),
  channel_busy: conflict(
    'Calls are running on this channel.',
    'Wait for them to end, then ask for the refund again; nothing was refunded.',
  ),
  deposit_failed: again(
    'The deposit could not be executed on chain.',
    'Check the balance of the payer and sign a fresh deposit.',
  ),
  payment_not_settled: again(
    'The chain did not take the payment; nothing was moved.',
    'Check the balance of the payer and the token, then sign a fresh offer.',
  ),
  channel_crowded: {
    status: 429,
    type: 'rate_limit_error',
    retryable: true,
    message: 'Too many calls wait for their turn on this channel.',
    next: 'Send fewer calls at once on one channel, or open another one (another salt). Nothing was charged.',
  },
  claim_pending: {
    status: 503,
    type: 'api_error',
    retryable: true,
    message: 'What this channel owes has to be claimed on chain before more is served from it.',
    next: 'Send the same request with the same payment after Retry-After. Nothing was charged.',
  },
  refund_not_possible: again(
    'There is nothing to refund in this channel.',
    'Nothing to do: the channel is empty.',
  ),
  refund_failed: again('The refund could not be executed on chain.', 'Nothing was moved. Ask again later.'),
  permit2_allowance_required: {
    status: 412,
    type: 'payment_required',
    retryable: false,
    message: 'Permit2 may not yet move this token for the payer.',
    next: 'Send one approve(Permit2, amount) transaction on the token, then pay again.',
  },
  approval_pending: {
    status: 503,
    type: 'api_error',
    retryable: true,
    message: 'An approval of Permit2 by this payer is on its way to the chain.',
    next: 'Send the same request with the same payment after Retry-After. Nothing was charged.',
  },
  token_suspended: {
    status: 503,
    type: 'api_error',
    retryable: true,
    message: 'This token cannot be taken at the moment: paused, with a fee on transfers, or blocked.',
    next: 'Nothing was taken. Pay with another token of the 402, or try again after Retry-After.',
  },
  sign_in_required: again(
    'This address tells a payer about itself: prove the wallet.',
    'Sign the sign-in-with-x challenge of the PAYMENT-REQUIRED header and send it as SIGN-IN-WITH-X; no payment is taken here.',
  ),
  sign_in_invalid: {
    status: 401,
    type: 'authentication_error',
    retryable: false,
    message: 'The proof of the wallet is not good.',
    next: 'Ask again without SIGN-IN-WITH-X, sign the fresh challenge unchanged with the wallet, and send that.',
  },
  sign_in_unavailable: {
    status: 503,
    type: 'api_error',
    retryable: false,
    message: 'This server does not know under which name callers reach it, so nobody can sign in.',
    next: 'The operator sets TURNPIKE_PUBLIC_URL. Calls that are paid for in other ways are not concerned.',
  },
  nothing_to_withdraw: conflict(
    'There is less credit that is final on the chain than the withdrawal and its gas would take.',
    'See GET /v1/credit; nothing was moved. What a payment has just brought can leave once its block is final; what is too small is spent by the next call.',
  ),
  payment_in_flight: conflict(
    'A call with this payment is running.',
    'Wait and look at GET /v1/calls/{id}; do not pay again.',
  ),
  payment_already_used: conflict(
    'This payment has bought a call already.',
    'See error.receipt and GET /v1/calls/{id}; sign a fresh offer for a new call.',
  ),
  idempotency_conflict: conflict(
    'Another request was made under this idempotency key.',
    'Send the same body as then, or name this request otherwise. Nothing was charged for this one.',
  ),
  settlement_pending: {
    status: 409,
    type: 'conflict_error',
    retryable: true,
    message: 'The payment was sent to the chain and its result is not known yet.',
    next: 'Do not pay again. Send the same request with the same payment again in a few seconds.',
  },
})
