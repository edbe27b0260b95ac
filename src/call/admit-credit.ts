import { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import type { CreditPayment } from '../payment/types.ts'
import { admissionOf } from './admission.ts'
import { admitDurably } from './admit-durably.ts'
import { type AdmitRequest, type AdmitResult, insufficientFunds } from './admit-request.ts'
import { alreadyPaid } from './already-paid.ts'

/** Admits a call on credit that its payer has already: one hold, and nothing on chain. */
export async function admitCredit({
  planned,
  payment,
  dependencies,
}: AdmitRequest<CreditPayment>): Promise<AdmitResult> {
  const admission = admissionOf({ planned, payment, atMs: dependencies.clock.nowMs() })
  const outcome = await admitDurably({ admission, dependencies })
  if (outcome.kind === 'admitted') return { kind: 'admitted', call: { ...planned, admission, payment } }
  if (outcome.kind === 'duplicate') throw alreadyPaid({ call: outcome.call, payment, planned })
  if (outcome.kind === 'refused') throw insufficientFunds(outcome.availableAtomic)
  throw new TurnpikeError('internal_error')
}
