import type { Atomic } from '../../lib/money.ts'
import type { Address, Network } from '../../payment/types.ts'
import type { SettlementDependencies } from '../dependencies.ts'
import type { Refund } from '../types.ts'

/**
 * Sends credit back at its payer's wish: the amount and the fee for its gas are held in one commit, the till pays from the next
 * sweep on. The same id again is the same withdrawal.
 *
 * @param amountAtomic what is to arrive; absent: all that is left once the fee is taken.
 * @returns `nothing` where the credit that is final does not carry both: what a reorganisation may take back does not leave.
 */
export async function withdrawCredit({
  id,
  network,
  asset,
  payer,
  amountAtomic,
  feeAtomic,
  dependencies,
}: {
  id: string
  network: Network
  asset: Address
  payer: Address
  amountAtomic?: Atomic
  feeAtomic: Atomic
  dependencies: SettlementDependencies
}): Promise<Refund | 'nothing'> {
  const held = await dependencies.due.holdRefund({
    id,
    kind: 'credit',
    network,
    asset,
    payer,
    feeAtomic,
    ...(amountAtomic === undefined ? {} : { amountAtomic }),
    atMs: dependencies.clock.nowMs(),
  })
  if (held.kind !== 'held') return 'nothing'
  dependencies.reach('refund-held')
  return held.refund
}
