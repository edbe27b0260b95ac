import { LIMITS } from '../../lib/limits.ts'
import { hashIdempotencyId } from '../../payment/offers/quote.ts'
import { admitCredit } from './admit-credit.ts'
import { admitExact } from './admit-exact.ts'
import { admitUpto } from './admit-upto.ts'
import { admitVoucher } from './admit-voucher.ts'
import type { AdmitRequest, AdmitResult } from './admit-request.ts'
import { alreadyPaid } from './already-paid.ts'

/**
 * W1: one durable hold over all scopes for a checked payment, before any byte goes to a provider. What the scheme needs on
 * chain first (a deposit, an `exact` payment) is brought there and confirmed.
 *
 * @throws TurnpikeError: 402 where signing again helps, 409 where the payment was seen before, 412 for a missing allowance.
 */
export async function admitCall(asked: AdmitRequest): Promise<AdmitResult> {
  await refuseRunningRetry(asked)
  const request = withIdempotencyKey(asked)
  await refuseRepeated(request)
  const { payment } = request
  const result =
    payment.kind === 'voucher'
      ? await admitVoucher({ ...request, payment })
      : payment.kind === 'upto'
        ? await admitUpto({ ...request, payment })
        : payment.kind === 'credit'
          ? await admitCredit({ ...request, payment })
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
  const call = await dependencies.store.findCall({ payerId: payment.payer, requestHash, sinceMs })
  if (!call) return
  throw alreadyPaid({ call, payment, planned })
}

/** Names are each payer's own: nobody can take another's, or learn whether it was used. */
function withIdempotencyKey(request: AdmitRequest): AdmitRequest {
  const { planned, payment, dependencies } = request
  const { idempotencyId: id } = planned
  if (id === undefined) return request
  const key = hashIdempotencyId({ id, payer: payment.payer, secret: dependencies.secret })
  return { ...request, planned: { ...planned, idempotencyKey: key } }
}

/** Before anything is brought on chain for it: a request that its caller has named and sent before is that request. */
async function refuseRepeated({ planned, payment, dependencies }: AdmitRequest): Promise<void> {
  const { idempotencyKey } = planned
  if (idempotencyKey === undefined) return
  const call = await dependencies.store.findCall({ idempotencyKey })
  if (call) throw alreadyPaid({ call, payment, planned })
}
