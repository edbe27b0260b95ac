import { LIMITS } from '../../lib/limits.ts'
import type { Atomic } from '../../lib/money.ts'
import type { CheckedPayment } from '../types.ts'

export type Permit2Need = {
  /** What Permit2 has to be allowed to move. */
  readonly neededAtomic: Atomic
  /** For how long what allows it must stay valid on arrival: as long as the payment itself. */
  readonly remainingSeconds: number
}

/** What a payment needs of Permit2's allowance; undefined where the token is moved in another way. */
export function permit2NeedOf(payment: CheckedPayment): Permit2Need | undefined {
  if (payment.kind === 'upto') {
    return { neededAtomic: payment.permittedAtomic, remainingSeconds: LIMITS.uptoRemainingSeconds }
  }
  const remainingSeconds = LIMITS.exactRemainingSeconds
  if (payment.kind === 'exact' && payment.method === 'permit2') {
    return { neededAtomic: payment.valueAtomic, remainingSeconds }
  }
  if (payment.kind === 'voucher' && payment.deposit?.method === 'permit2') {
    return { neededAtomic: payment.deposit.amountAtomic, remainingSeconds }
  }
  return undefined
}
