import { LIMITS } from '../../lib/limits.ts'
import type { ExactPayment, Network, UptoPayment, VoucherPayment } from '../../payment/types.ts'
import type { SettlementDependencies } from '../dependencies.ts'
import { fundingOf } from '../funding-of.ts'
import type { Calldata, SchemeCalldata } from '../ports.ts'
import type { DueSettlement } from '../types.ts'
import { uptoAuthorizationOf } from '../upto-authorization.ts'

export type SponsorOutcome =
  | { readonly kind: 'sponsored' }
  /** The chain would not take it, or enough was sponsored today. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** The chain could not be asked, or our lane cannot send: nothing is known of the permit. */
  | { readonly kind: 'unknown' }

/** Payments that go through Permit2. */
export type PermittedPayment = UptoPayment | ExactPayment | VoucherPayment

export type SponsorPermit = (payment: PermittedPayment) => Promise<SponsorOutcome>

const DAY_MS = 86_400_000

type Past = readonly { readonly atMs: number; readonly payer: string }[]

/**
 * Says whether a payer's permit (EIP-2612) is brought on chain at our cost, in the transaction that moves its payment: as often a day as the
 * operator allows, each payer a part of that, and only where the chain would take permit and payment now, as one call of our lane.
 *
 * The count is this process's: it begins anew with a start, and each instance has its own.
 */
export function createPermitSponsor({
  perDay,
  dependencies,
}: {
  /** On each network. */
  perDay: number
  dependencies: Pick<SettlementDependencies, 'chainOf' | 'clock'>
}): SponsorPermit {
  const past = new Map<Network, Past>()

  function refusalFor({ network, payer }: PermittedPayment): string | undefined {
    const sinceMs = dependencies.clock.nowMs() - DAY_MS
    const recent = (past.get(network) ?? []).filter(({ atMs }) => atMs > sinceMs)
    past.set(network, recent)
    if (recent.length >= perDay) return 'sponsored_enough_today'
    const own = recent.filter((one) => one.payer === payer).length
    return own >= LIMITS.sponsoredPerPayer ? 'sponsored_enough_for_payer' : undefined
  }

  return async (payment) => {
    const { network, payer } = payment
    const reason = refusalFor(payment)
    if (reason !== undefined) return { kind: 'refused', reason }
    // Counted before the chain is asked, so that many at once cannot pass together.
    const counted = { atMs: dependencies.clock.nowMs(), payer }
    past.set(network, [...(past.get(network) ?? []), counted])
    const { sender, calldata } = dependencies.chainOf(network)
    const lane = sender.lanes.signer
    const prepared = await sender.prepare({ lane, call: callOf({ payment, calldata }) })
    if (prepared.ok) return { kind: 'sponsored' }
    past.set(
      network,
      (past.get(network) ?? []).filter((one) => one !== counted),
    )
    return prepared.unknown ? { kind: 'unknown' } : { kind: 'refused', reason: prepared.reason }
  }
}

/** What our lane will send, as if the call had used all that it may. */
function callOf({ payment, calldata }: { payment: PermittedPayment; calldata: SchemeCalldata }): Calldata {
  if (payment.kind === 'upto') return calldata.upto(wholeSettlement(payment))
  const funding = fundingOf({ payment, id: '' })
  return funding.kind === 'deposit' ? calldata.deposit(funding) : calldata.exact(funding)
}

const wholeSettlement = (payment: UptoPayment): DueSettlement => ({
  callId: '',
  network: payment.network,
  asset: payment.asset.address,
  payer: payment.payer,
  amountAtomic: payment.permittedAtomic,
  authorization: uptoAuthorizationOf({ payment, permit: payment.sponsoredPermit }),
})
