/**
 * Double entry. A posting moves an amount from a debit to a credit account of one ledger; an entry is the postings of
 * one business event, committed together or not at all. Postings are never changed: a hold is pending, its capture
 * posted, its release voided (TigerBeetle's words and semantics).
 *
 * Calls do not write postings: their hold and capture rows are postings already, shown as such by a view.
 */
export type PostingKind = 'pending' | 'posted' | 'voided'

export type Posting = {
  /** One ledger per network and token (`eip155:8453/0x…`), per native gas token (`eip155:8453/native`), and `usd` in pico-USD. */
  readonly ledger: string
  /** Account paths, e.g. `payer:0x…:credit`; see ledger/accounts. */
  readonly debit: string
  readonly credit: string
  readonly amount: bigint
  readonly kind: PostingKind
}

export type LedgerEvent =
  | 'deposit_seen'
  | 'deposit_final'
  | 'deposit_undone'
  | 'exact_seen'
  | 'exact_final'
  | 'exact_undone'
  | 'upto_seen'
  | 'upto_final'
  | 'upto_undone'
  | 'upto_failed'
  | 'claim_final'
  | 'settle_final'
  | 'channel_refund_held'
  | 'channel_refund_seen'
  | 'channel_refund_failed'
  | 'channel_refund_undone'
  | 'channel_withdrawn'
  | 'credit_refund_held'
  | 'credit_refund_seen'
  | 'credit_refund_failed'
  | 'credit_refund_undone'
  | 'withdrawal_fee_held'
  | 'withdrawal_fee_seen'
  | 'withdrawal_fee_failed'
  | 'withdrawal_fee_undone'
  | 'sweep_final'
  | 'gas_paid'
  | 'organization_topped_up'
  | 'organization_withdrawn'
  | 'organization_credited'
  | 'token_fee'
  | 'opening'

export type Entry = {
  /** Made by the caller and unique: the same event twice is one entry. E.g. `deposit_seen:<funding id>`. */
  readonly id: string
  readonly event: LedgerEvent
  readonly postings: readonly Posting[]
  readonly callId?: string
  readonly transactionId?: string
}
