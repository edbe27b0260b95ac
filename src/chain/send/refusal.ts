/**
 * Why a call cannot be sent now. The first group is the contract's word on the payment itself; the second is about us
 * or the RPC (`unknown: true`): the payment may be good, so nothing may be written off for it.
 */
export type RefusalReason =
  | 'authorization_expired'
  | 'authorization_not_yet_valid'
  | 'nonce_used'
  | 'invalid_signature'
  | 'insufficient_balance'
  | 'insufficient_allowance'
  | 'token_paused'
  | 'address_blocked'
  | 'transfer_failed'
  | 'returned_false'
  | 'amount_exceeds_permitted'
  | 'wrong_facilitator'
  | 'claim_exceeds_voucher'
  | 'claim_exceeds_balance'
  | 'refund_nonce_used'
  | 'invalid_channel'
  | 'deposit_not_collected'
  | 'reverted'
  | UnknownReason

export type UnknownReason =
  | 'rpc_unreachable'
  | 'rpc_refused'
  | 'rpc_unusable'
  | 'rpc_behind'
  | 'rpc_disputed'
  | 'lane_without_gas'
  | 'fee_above_cap'
