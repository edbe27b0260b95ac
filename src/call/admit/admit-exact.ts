import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { ExactPayment, Hex } from '../../payment/types.ts'
import { admissionOf } from './admission.ts'
import {
  type AdmitRequest,
  type AdmitResult,
  admittedAs,
  fundOrPending,
  insufficientFunds,
  settlementPending,
} from './admit-request.ts'
import { alreadyPaid } from './already-paid.ts'
import { admitWithin } from './admit-within.ts'
import { fitBudgets } from '../budgets/fit-budgets.ts'
import { withAllowance } from './sponsor-allowance.ts'

/**
 * Admits a call whose ceiling is paid in advance: the payment is settled to the till first and becomes the payer's credit, from
 * which the call is held. What the call does not use stays credit. A crash in between leaves credit, never a lost payment.
 */
export async function admitExact(request: AdmitRequest<ExactPayment>): Promise<AdmitResult> {
  const { payment, dependencies } = request
  const { feePicoUsd } = payment
  // Nobody pays for what a budget refuses.
  const planned = await fitBudgets({ planned: request.planned, feePicoUsd, dependencies })
  const fundingTransaction = await settleFirst(request)
  dependencies.reach('funded')
  const { outcome, ...within } = await admitWithin({
    planned,
    feePicoUsd,
    admissionFor: (form) => admissionOf({ planned: form, payment, atMs: dependencies.clock.nowMs() }),
    dependencies,
  }).catch((cause: unknown) => {
    throw cause instanceof TurnpikeError
      ? cause
      : settlementPending({ transaction: fundingTransaction, cause })
  })
  switch (outcome.kind) {
    case 'admitted':
      return { kind: 'admitted', call: admittedAs({ ...within, payment, fundingTransaction }) }
    case 'duplicate':
      throw alreadyPaid({ call: { ...outcome.call, transaction: fundingTransaction }, payment, planned })
    case 'refused':
      throw insufficientFunds(outcome.availableAtomic)
    case 'wait':
    case 'corrective':
    case 'deposit':
    case 'withdrawing':
    case 'unknown_channel':
    case 'unclaimed':
    case 'deposits_only':
      throw new TurnpikeError('internal_error')
  }
}

/** A v1 payment names no request, so one that was made for a top-up would buy a call as well, for whoever sends it again. */
const becameCredit = () =>
  new TurnpikeError('payment_already_used', {
    message: 'This payment has become credit already.',
    next: 'Sign in to spend the credit (x-turnpike-credit), or sign a fresh offer of this call.',
    headers: { 'x-should-retry': 'false' },
  })

/** F1 to F3. A result that is not known is said to be pending, never answered by a fresh demand: that would be paid twice. */
async function settleFirst({ payment, dependencies }: AdmitRequest<ExactPayment>): Promise<Hex> {
  const ready = await withAllowance({ payment, dependencies })
  const outcome = await fundOrPending({ payment: ready, dependencies })
  if (outcome.kind === 'funded' && outcome.isTopUp) throw becameCredit()
  if (outcome.kind === 'funded') return outcome.transaction
  if (outcome.kind === 'failed') {
    throw new TurnpikeError('payment_not_settled', { extra: { reason: outcome.reason } })
  }
  throw settlementPending(outcome)
}
