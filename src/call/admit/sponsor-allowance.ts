import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { permit2NeedOf } from '../../payment/offers/permit2-need.ts'
import type { ExactPayment, SponsoredPermit, UptoPayment, VoucherPayment } from '../../payment/types.ts'
import { allowanceRequired } from './allowance-required.ts'
import type { CallDependencies } from '../dependencies.ts'

export type AllowanceDependencies = Pick<
  CallDependencies,
  'mirrorOf' | 'sponsorPermit' | 'sponsorApproval' | 'isFundingKnown'
>

type Subject<Payment> = { readonly payment: Payment; readonly dependencies: AllowanceDependencies }

/** The payer's last payment may have used up what a reading of a moment ago still shows, and gas is spent by what this one says. */
const READING_AGE_MS = 0

/**
 * Has the allowance that a payment lacks brought on chain at the operator's cost: by the permit that came with it, which travels in the
 * payment's own transaction, or by the payer's signed approval, which goes before it.
 *
 * @returns the permit, where it is one; after an approval the allowance is there.
 * @throws TurnpikeError permit2_allowance_required (with the reason), approval_pending, unavailable.
 */
export async function sponsorAllowance({
  payment,
  dependencies,
}: Subject<UptoPayment | ExactPayment | VoucherPayment>): Promise<SponsoredPermit | undefined> {
  const { asset, sponsoredPermit } = payment
  if (sponsoredPermit) {
    const outcome = await dependencies.sponsorPermit?.(payment)
    if (outcome?.kind === 'sponsored') return sponsoredPermit
    if (outcome?.kind === 'unknown') throw chainAway()
    throw allowanceRequired({ asset, reason: outcome?.reason })
  }
  await bringApproval({ payment, dependencies })
  return undefined
}

async function bringApproval({
  payment,
  dependencies,
}: Subject<UptoPayment | ExactPayment | VoucherPayment>): Promise<void> {
  const { asset, network, payer, sponsoredApproval: approval } = payment
  const neededAtomic = permit2NeedOf(payment)?.neededAtomic ?? 0n
  if (!approval || !dependencies.sponsorApproval) throw allowanceRequired({ asset })
  const outcome = await dependencies.sponsorApproval({ payment, approval, neededAtomic })
  if (outcome.kind === 'refused') throw allowanceRequired({ asset, reason: outcome.reason })
  if (outcome.kind === 'unknown') throw chainAway()
  if (outcome.kind === 'pending') throw approvalPending()
  // Every RPC has to see it before the payment follows: one that lags would refuse a good one.
  const spendable = await dependencies
    .mirrorOf(network)
    ?.getSpendable({ asset, payer, maxAgeMs: READING_AGE_MS })
  if ((spendable?.permit2AllowanceAtomic ?? 0n) >= neededAtomic) return
  throw outcome.isRepeat ? allowanceRequired({ asset, reason: 'approval_used_up' }) : approvalPending()
}

/**
 * Before an `exact` payment or a deposit through Permit2 is brought on chain: sees to its allowance, where something for it came along.
 *
 * @returns the payment as it is to be made: with its permit only where that is needed and sponsored.
 * @throws TurnpikeError as {@link sponsorAllowance}, and insufficient_funds.
 */
export async function withAllowance<Payment extends ExactPayment | VoucherPayment>({
  payment,
  dependencies,
}: Subject<Payment>): Promise<Payment> {
  const { asset, payer, network, sponsoredPermit, sponsoredApproval } = payment
  const need = permit2NeedOf(payment)
  if (!need || (!sponsoredPermit && !sponsoredApproval)) return payment
  // The same payment again: it is what it was, and its permit is used up.
  if (await dependencies.isFundingKnown?.(payment)) return payment
  const query = { asset, payer, maxAgeMs: READING_AGE_MS }
  const spendable = await dependencies.mirrorOf(network)?.getSpendable(query)
  if (!spendable) throw new TurnpikeError('payment_unsupported', { param: 'network' })
  const { sponsoredPermit: _permit, ...plain } = payment
  const withoutPermit = plain as unknown as Payment
  if (spendable.permit2AllowanceAtomic >= need.neededAtomic) return withoutPermit
  if (spendable.balanceAtomic < need.neededAtomic) {
    throw new TurnpikeError('insufficient_funds', {
      extra: { available: spendable.balanceAtomic.toString() },
    })
  }
  const permit = await sponsorAllowance({ payment, dependencies })
  return permit ? payment : withoutPermit
}

const chainAway = () =>
  new TurnpikeError('unavailable', { message: 'The chain cannot be asked about the allowance now.' })

const approvalPending = () => new TurnpikeError('approval_pending', { retryAfterMs: 2_000 })
