import type { ChannelState } from '../../payment/types.ts'
import type { Row } from '../database/database.ts'
import { big, integer, text } from '../database/row.ts'

/** A channel's balance row in the words of the admission rule. */
export function channelStateOf(row: Row): ChannelState {
  const refundsPosted = big(row['refunds_posted'])
  const refundsPending = big(row['refunds_pending'])
  const quoteNonces = row['turn_quotes']
  return {
    balanceAtomic: big(row['credits_posted']) - refundsPosted - refundsPending,
    chargedAtomic: big(row['debits_posted']) - refundsPosted,
    heldAtomic: big(row['debits_pending']) - refundsPending,
    claimedAtomic: big(row['claimed']),
    ...(big(row['published_max']) === 0n ? {} : { publishedAtomic: big(row['published_max']) }),
    ...(row['voucher_signature'] === null
      ? {}
      : { highest: { maxAtomic: big(row['voucher_max']), signature: text(row['voucher_signature']) } }),
    ...(row['turn_payer'] === null
      ? {}
      : {
          turn: {
            payer: text(row['turn_payer']),
            quoteNonces: Array.isArray(quoteNonces) ? quoteNonces.map(String) : [],
            reservedAtomic: big(row['turn_reserved']),
            expiresAtMs: integer(row['turn_expires_at_ms']),
          },
        }),
    withdrawRequestedAt: integer(row['withdraw_requested_at']),
    refundNonce: big(row['refund_nonce']),
  }
}
