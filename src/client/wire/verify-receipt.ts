import type { Atomic } from '../../lib/money.ts'
import type { Address, Hex, Network } from '../../payment/types.ts'
import { ReceiptError } from './errors.ts'
import type { PaidReceipt } from './read-receipt.ts'

/** What this wallet signed, as far as a receipt can contradict it. */
export type SignedTerms = {
  readonly payer: Address
  readonly network: Network
  readonly ceilingAtomic: Atomic
  /** Of channel payments. */
  readonly channelId?: Hex
  /** The `x-call-id` of the answer that the receipt came with, where it has one. */
  readonly callId?: string | undefined
}

/**
 * Holds a receipt against what was signed: same payer, network, channel and call, and no charge above the ceiling. The
 * channel's sums are the channel book's to judge, since they concern other calls too.
 *
 * This is the one place where receipts are judged: a receipt that the server signed (x402's offer-receipt extension) is
 * to be verified here as well.
 *
 * @throws ReceiptError
 */
export function verifyReceipt({ receipt, terms }: { receipt: PaidReceipt; terms: SignedTerms }): void {
  const { channelId } = terms
  if (receipt.payer !== undefined && receipt.payer !== terms.payer) {
    throw new ReceiptError(
      'foreign_payer',
      `The receipt is for ${receipt.payer}, not for ${terms.payer}.`,
      channelId,
    )
  }
  if (receipt.network !== terms.network) {
    throw new ReceiptError(
      'foreign_network',
      `The receipt is for ${receipt.network}, and ${terms.network} was signed for.`,
      channelId,
    )
  }
  if (channelId !== undefined && receipt.channel && receipt.channel.channelId !== channelId) {
    throw new ReceiptError(
      'foreign_channel',
      `The receipt is for channel ${receipt.channel.channelId}, not for ${channelId}.`,
      channelId,
    )
  }
  if (receipt.callId !== undefined && terms.callId !== undefined && receipt.callId !== terms.callId) {
    throw new ReceiptError(
      'foreign_call',
      `The receipt is for ${receipt.callId}, and came with the answer of ${terms.callId}.`,
      channelId,
    )
  }
  demandCharge({ receipt, terms })
}

function demandCharge({ receipt, terms }: { receipt: PaidReceipt; terms: SignedTerms }): void {
  const { ceilingAtomic, channelId } = terms
  // What a channel's receipt moved is its deposit; what another one moved is the call.
  const highestAtomic = receipt.chargeAtomic ?? (channelId === undefined ? receipt.movedAtomic : undefined)
  if (highestAtomic === undefined || highestAtomic <= ceilingAtomic) return
  throw new ReceiptError(
    'charge_above_ceiling',
    `The server charged ${highestAtomic} atomic units for a call that was signed for ${ceilingAtomic}.`,
    channelId,
  )
}
