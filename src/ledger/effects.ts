import type { LedgerEvent, PostingKind } from './types.ts'

/**
 * What one posting does to the balance row of a limited account. All deltas are to be added; `refunds*` count the part
 * that left a channel towards its payer, which lowers the channel's confirmed balance, or an organisation by a withdrawal: it was not spent.
 */
export type BalanceDelta = {
  readonly creditsPosted: bigint
  readonly debitsPosted: bigint
  readonly debitsPending: bigint
  readonly refundsPosted: bigint
  readonly refundsPending: bigint
}

const NO_DELTA: BalanceDelta = {
  creditsPosted: 0n,
  debitsPosted: 0n,
  debitsPending: 0n,
  refundsPosted: 0n,
  refundsPending: 0n,
}

/** Events whose posted posting resolves a hold: the hold goes down by what is posted. */
const RESOLVING: ReadonlySet<LedgerEvent> = new Set([
  'channel_refund_seen',
  'credit_refund_seen',
  'withdrawal_fee_seen',
])
const REFUNDS: ReadonlySet<LedgerEvent> = new Set([
  'channel_refund_held',
  'channel_refund_seen',
  'channel_refund_failed',
  'channel_withdrawn',
  'deposit_undone',
  'organization_withdrawn',
])

/** Whether a posting resolves the hold of its entry's subject (TigerBeetle's post_pending and void_pending). */
export const resolvesHold = ({ event, kind }: { event: LedgerEvent; kind: PostingKind }) =>
  kind === 'voided' || (kind === 'posted' && RESOLVING.has(event))

/** The id of the entry whose hold an entry resolves: `x_seen:1` and `x_failed:1` resolve `x_held:1`. */
export const heldEntryId = (entryId: string) => entryId.replace(/^([a-z_]+)_(?:seen|failed):/, '$1_held:')

/** The change of the debited account. A hold may be posted or voided only whole: refunds are never captured in part. */
export function debitDelta({
  event,
  kind,
  amount,
}: {
  event: LedgerEvent
  kind: PostingKind
  amount: bigint
}): BalanceDelta {
  const pending = kind === 'pending' ? amount : resolvesHold({ event, kind }) ? -amount : 0n
  const posted = kind === 'posted' ? amount : 0n
  const isRefund = REFUNDS.has(event)
  return {
    ...NO_DELTA,
    debitsPending: pending,
    debitsPosted: posted,
    refundsPending: isRefund ? pending : 0n,
    refundsPosted: isRefund ? posted : 0n,
  }
}

/** Events that write charges of a channel off: what they credit, they take from the charges, never from the balance. */
const WRITE_OFFS: ReadonlySet<LedgerEvent> = new Set(['deposit_undone', 'channel_withdrawn'])

/** The change of the credited account: only posted money counts. */
export function creditDelta({
  event,
  kind,
  amount,
}: {
  event: LedgerEvent
  kind: PostingKind
  amount: bigint
}): BalanceDelta {
  const posted = kind === 'posted' ? amount : 0n
  return { ...NO_DELTA, creditsPosted: posted, refundsPosted: WRITE_OFFS.has(event) ? posted : 0n }
}
