import { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import { LIMITS } from '../lib/limits.ts'
import type { CallPayment } from '../payment/types.ts'
import { admitExact } from './admit-exact.ts'
import { admitUpto } from './admit-upto.ts'
import { admitVoucher } from './admit-voucher.ts'
import type { Corrective } from './demand.ts'
import type { CallDependencies } from './dependencies.ts'
import { alreadyPaid } from './already-paid.ts'
import type { AdmittedCall, PlannedCall } from './types.ts'

export type AdmitResult =
  | { readonly kind: 'admitted'; readonly call: AdmittedCall }
  /** A 402 that lets the client sign again from the channel's true state. */
  | { readonly kind: 'corrective'; readonly corrective: Corrective }

/** What each scheme's way of admission is given. */
export type AdmitRequest<Payment extends CallPayment = CallPayment> = {
  readonly planned: PlannedCall
  readonly payment: Payment
  /** The nonce of the quote that a corrective 402 would carry. */
  readonly freshQuoteNonce: string
  readonly dependencies: CallDependencies
}

/**
 * W1: one durable hold over all scopes for a checked payment, before any byte goes to a provider. What the scheme needs on
 * chain first (a deposit, an `exact` payment) is brought there and confirmed.
 *
 * @throws TurnpikeError: 402 where signing again helps, 409 where the payment was seen before, 412 for a missing allowance.
 */
export async function admitCall(request: AdmitRequest): Promise<AdmitResult> {
  await refuseRunningRetry(request)
  const { payment } = request
  const result =
    payment.kind === 'voucher'
      ? await admitVoucher({ ...request, payment })
      : payment.kind === 'upto'
        ? await admitUpto({ ...request, payment })
        : await admitExact({ ...request, payment })
  if (result.kind === 'admitted') request.dependencies.reach('admitted')
  return result
}

/**
 * The OpenAI SDK sends a call again when the connection was lost or a timer ran out, and a paying fetch pays again. Its mark
 * tells: while the first call runs, or shortly after it ended undelivered, the answer is that call, not a second one.
 */
async function refuseRunningRetry({ planned, payment, dependencies }: AdmitRequest): Promise<void> {
  if (planned.retryCount === 0) return
  const sinceMs = dependencies.clock.nowMs() - LIMITS.retryWindowMs
  const { requestHash } = planned
  const call = await dependencies.store.getRecentCall({ payerId: payment.payer, requestHash, sinceMs })
  if (!call) return
  throw alreadyPaid({ call, payment })
}

/** The error for a way of admission that should have come out otherwise: the database knows better than the plan. */
export const insufficientFunds = (availableAtomic: bigint) =>
  new TurnpikeError('insufficient_funds', { extra: { available: availableAtomic.toString() } })
