import { channelRefundHeld, creditRefundHeld, withdrawalFeeHeld } from '../../ledger/entries.ts'
import type { Entry } from '../../ledger/types.ts'
import type { Atomic } from '../../lib/money.ts'
import type { DueStore } from '../ports.ts'

/** The holds of a refund: what leaves, and what its payer pays for the gas where it asked for it. One commit makes them all. */
export function refundHolds({
  request,
  amountAtomic,
}: {
  request: Parameters<DueStore['holdRefund']>[0]
  amountAtomic: Atomic
}): readonly Entry[] {
  const { id: refundId, network, asset, payer, channelId, feeAtomic = 0n } = request
  const event = { refundId, network, asset, amountAtomic }
  if (request.kind === 'channel' && channelId !== undefined)
    return [channelRefundHeld({ ...event, channelId })]
  const fee = feeAtomic > 0n ? [withdrawalFeeHeld({ ...event, payer, amountAtomic: feeAtomic })] : []
  return [creditRefundHeld({ ...event, payer }), ...fee]
}
