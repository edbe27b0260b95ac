import { atomicToPicoUsd, minBigint, type Atomic } from '../../lib/money.ts'
import { usdOf, type Payment } from '../context.ts'
import type { CallOutcome } from '../wire/call-outcome.ts'
import type { PaidReceipt } from '../wire/read-receipt.ts'
import { ensureAllowance } from './permit2-allowance.ts'
import { followOrClose, sendPaid } from '../send-paid.ts'
import { validityOf } from '../wire/signing-terms.ts'
import { verifyReceipt } from '../wire/verify-receipt.ts'

/**
 * What becomes of a signed transfer (`exact`, `upto`). Its reservation is never given back: whoever holds the signature
 * could still settle it, so that a refused one counts at its ceiling until the process ends.
 */
function outcomeOf({ request, approved, reservation, context }: Payment): CallOutcome {
  const { offer, asset } = approved
  const { scheme, network, amountAtomic: ceilingAtomic } = offer
  let isKnown = false

  const verify = (receipt: PaidReceipt, callId: string | undefined) =>
    verifyReceipt({ receipt, terms: { payer: context.payer, network, ceilingAtomic, callId } })

  const lapse = () => reservation.lapse(validityOf({ context, approved }).validUntil * 1_000)

  function tell(chargeAtomic: Atomic, more: { callId?: string; transaction?: string }): void {
    if (isKnown) return
    isKnown = true
    reservation.settle(atomicToPicoUsd({ amountAtomic: chargeAtomic, decimals: asset.decimals }))
    context.onPaid({
      kind: 'call',
      url: request.url,
      scheme,
      network,
      asset: asset.address,
      amountAtomic: chargeAtomic,
      amountUsd: usdOf({ amountAtomic: chargeAtomic, asset }),
      ceilingAtomic,
      ...more,
    })
  }

  return {
    name: () => undefined,
    open: verify,
    receive(receipt, callId) {
      verify(receipt, callId)
      const { transaction } = receipt
      tell(receipt.chargeAtomic ?? receipt.movedAtomic ?? ceilingAtomic, {
        ...(callId === undefined ? {} : { callId }),
        ...(transaction === '' ? {} : { transaction }),
      })
    },
    settle: (chargeAtomic, callId) => tell(minBigint(chargeAtomic, ceilingAtomic), { callId }),
    refuse: lapse,
    lose: lapse,
    stop: () => undefined,
  }
}

/**
 * Signs a transfer and sends it, once; never another one for the same call.
 *
 * @param sign makes the payload. Where it fails nothing was spent.
 */
export async function payTransfer({
  payment,
  sign,
}: {
  payment: Payment
  sign: (payment: Payment) => Promise<Readonly<Record<string, unknown>>>
}): Promise<Response> {
  let payload: Readonly<Record<string, unknown>>
  let extensions: Readonly<Record<string, unknown>> | undefined
  try {
    extensions = await ensureAllowance({ payment, neededAtomic: payment.approved.offer.amountAtomic })
    payload = await sign(payment)
    payment.request.signal?.throwIfAborted()
  } catch (error) {
    payment.reservation.release()
    throw error
  }
  const outcome = outcomeOf(payment)
  const response = await sendPaid({ payment, payload, extensions, outcome })
  return followOrClose({ response, payment, outcome })
}
