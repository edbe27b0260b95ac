import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { CallPayment } from '../../payment/types.ts'
import type { SuspensionReason, WithheldOf } from '../../payment/withheld.ts'

/** A token that cannot be taken now. Paying in it would bring nobody anything; it comes back by itself. */
export const suspended = (reason?: SuspensionReason) =>
  new TurnpikeError('token_suspended', {
    retryAfterMs: LIMITS.tokenWatchMs,
    ...(reason === undefined ? {} : { extra: { reason } }),
  })

/**
 * Refuses a payment that could not be settled as things are: nothing of it is used, so the same payment may be sent again.
 *
 * @throws token_suspended, payment_unsupported.
 */
export function refuseWithheld({
  payment,
  withheldOf,
}: {
  payment: CallPayment
  withheldOf: WithheldOf
}): void {
  // Credit is here already: nothing has to be moved for it.
  if (payment.kind === 'credit') return
  const withheld = withheldOf(payment)
  if (withheld?.kind === 'suspended') throw suspended(withheld.reason)
  if (withheld) throw new TurnpikeError('payment_unsupported', { param: 'scheme' })
}
