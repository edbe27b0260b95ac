/**
 * Why a call cannot be sent now. The first group is the contract's word on the payment itself; the second is about us
 * or the RPC (`unknown: true`): the payment may be good, so nothing may be written off for it.
 */
export type RefusalReason =
  | 'authorization-expired'
  | 'authorization-not-yet-valid'
  | 'nonce-used'
  | 'invalid-signature'
  | 'insufficient-balance'
  | 'insufficient-allowance'
  | 'token-paused'
  | 'address-blocked'
  | 'transfer-failed'
  | 'returned-false'
  | 'amount-exceeds-permitted'
  | 'wrong-facilitator'
  | 'claim-exceeds-voucher'
  | 'claim-exceeds-balance'
  | 'refund-nonce-used'
  | 'invalid-channel'
  | 'deposit-not-collected'
  | 'reverted'
  | UnknownReason

export type UnknownReason =
  | 'rpc-unreachable'
  | 'rpc-refused'
  | 'rpc-unusable'
  | 'lane-without-gas'
  | 'fee-above-cap'
