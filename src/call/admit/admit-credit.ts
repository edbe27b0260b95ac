import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { CreditPayment } from '../../payment/types.ts'
import { admissionOf } from './admission.ts'
import { type AdmitRequest, type AdmitResult, admittedAs, insufficientFunds } from './admit-request.ts'
import { alreadyPaid } from './already-paid.ts'
import { admitWithin } from './admit-within.ts'

/** Admits a call on credit that its payer has already: one hold, and nothing on chain. */
export async function admitCredit({
  planned,
  payment,
  dependencies,
}: AdmitRequest<CreditPayment>): Promise<AdmitResult> {
  const { outcome, ...within } = await admitWithin({
    planned,
    feePicoUsd: payment.feePicoUsd,
    admissionFor: (form) => admissionOf({ planned: form, payment, atMs: dependencies.clock.nowMs() }),
    dependencies,
  })
  if (outcome.kind === 'admitted') return { kind: 'admitted', call: admittedAs({ ...within, payment }) }
  if (outcome.kind === 'duplicate') throw alreadyPaid({ call: outcome.call, payment, planned })
  if (outcome.kind === 'refused') throw insufficientFunds(outcome.availableAtomic)
  throw new TurnpikeError('internal_error')
}
