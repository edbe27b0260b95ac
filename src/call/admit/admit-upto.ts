import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import { minBigint, picoUsdToAtomic } from '../../lib/money.ts'
import type { UptoPayment } from '../../payment/types.ts'
import { uptoAuthorizationOf } from '../../settlement/upto-authorization.ts'
import { admissionOf } from './admission.ts'
import { type AdmitRequest, type AdmitResult, admittedAs, insufficientFunds } from './admit-request.ts'
import { allowanceRequired } from './allowance-required.ts'
import { alreadyPaid } from './already-paid.ts'
import { admitWithin } from './admit-within.ts'
import { fitBudgets } from '../budgets/fit-budgets.ts'
import { sponsorAllowance } from './sponsor-allowance.ts'
import type { Admission, PlannedCall } from '../types.ts'

/** A mirrored balance of this age may still admit a call; the exposure cap bounds what a stale one can cost. */
const MIRROR_AGE_MS = 10_000
/** Nobody is refused by an older one: whoever has just approved Permit2 or been funded must not wait for the mirror. */
const REFUSAL_AGE_MS = 1_000

/**
 * Admits a call that will be settled afterwards, at what it really cost. Until then its payer could empty the wallet: what all
 * such calls of a payer may add up to is the smaller of the exposure cap and the mirrored balance. A payer that has let us down
 * once is given no credit again.
 */
export async function admitUpto({
  planned: asked,
  payment,
  dependencies,
}: AdmitRequest<UptoPayment>): Promise<AdmitResult> {
  const { clock, mirrorOf } = dependencies
  const { asset, payer, ceilingAtomic, network, feePicoUsd } = payment
  const mirror = mirrorOf(network)
  if (!mirror) throw new TurnpikeError('payment_unsupported', { param: 'network' })
  const query = { asset, payer }
  const mirrored = await mirror.getSpendable({ ...query, maxAgeMs: MIRROR_AGE_MS })
  const suffices = minBigint(mirrored.permit2AllowanceAtomic, mirrored.balanceAtomic) >= ceilingAtomic
  const spendable = suffices ? mirrored : await mirror.getSpendable({ ...query, maxAgeMs: REFUSAL_AGE_MS })
  const isAllowed = spendable.permit2AllowanceAtomic >= ceilingAtomic
  const hasOther = payment.sponsoredPermit !== undefined || payment.sponsoredApproval !== undefined
  if (!isAllowed && !hasOther) throw allowanceRequired({ asset })
  if (spendable.balanceAtomic < ceilingAtomic) throw insufficientFunds(spendable.balanceAtomic)
  // Nobody's gas is paid for what a budget refuses.
  const planned = isAllowed ? asked : await fitBudgets({ planned: asked, feePicoUsd, dependencies })
  const permit = isAllowed ? undefined : await sponsorAllowance({ payment, dependencies })

  const cap = picoUsdToAtomic({ amountPicoUsd: LIMITS.exposurePicoUsd, decimals: asset.decimals })
  const admissionFor = (form: PlannedCall): Admission => ({
    ...admissionOf({ planned: form, payment, atMs: clock.nowMs() }),
    authorization: uptoAuthorizationOf({ payment, permit }),
    // Also a single call: a payer may empty its wallet while the answer streams. Dearer calls go through a channel. What a permit
    // allows is there for its own call only, and a second permit would have the same nonce: one such call at a time.
    exposureLimitAtomic: permit ? minBigint(cap, ceilingAtomic) : minBigint(cap, spendable.balanceAtomic),
  })
  const { outcome, ...within } = await admitWithin({ planned, feePicoUsd, admissionFor, dependencies })
  if (outcome.kind === 'admitted') return { kind: 'admitted', call: admittedAs({ ...within, payment }) }
  if (outcome.kind === 'duplicate') throw alreadyPaid({ call: outcome.call, payment, planned })
  if (outcome.kind === 'deposits_only') throw new TurnpikeError('deposits_only')
  if (outcome.kind === 'refused') {
    throw new TurnpikeError('exposure_exceeded', { extra: { available: outcome.availableAtomic.toString() } })
  }
  throw new TurnpikeError('internal_error')
}
