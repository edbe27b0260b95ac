import { adoptPayment } from './confirm/adopt.ts'
import type { SettlementDependencies } from './dependencies.ts'
import type { HostedFacilitator } from './ports.ts'
import type { Funding, FundingRow } from './types.ts'

type Subject = { readonly funding: FundingRow; readonly dependencies: SettlementDependencies }

/** The facilitator that submits this payment, where there is one. */
export function hostedOf({
  funding,
  dependencies,
}: {
  funding: Funding
  dependencies: SettlementDependencies
}): HostedFacilitator | undefined {
  const { hosted } = dependencies.chainOf(funding.network)
  return hosted?.takes(funding) ? hosted : undefined
}

/**
 * Asks the facilitator to submit a payment that is reserved already. Its success is no proof and its failure none either (a
 * facilitator that gives up waiting has often paid), so after the question only the chain is believed: the payment is pending.
 *
 * @returns `unreachable` where our own signer has to do it.
 */
export async function submitHosted({
  funding,
  hosted,
  dependencies,
}: Subject & { hosted: HostedFacilitator }): ReturnType<HostedFacilitator['submit']> {
  const { network, asset, kind } = funding
  const notice = (reason: string) =>
    dependencies.notice({ network, kind: 'held-back', purpose: kind, reason })
  // Ours would be held back as well; the sweep comes back to it.
  if (dependencies.isSuspended({ network, asset })) {
    notice('token_suspended')
    return { kind: 'asked' }
  }
  const answer = await hosted.submit(funding)
  if (answer.kind === 'unreachable') notice('facilitator_unreachable')
  // It may have been submitted before, by anybody: then its nonce is refused, or its payer has nothing left.
  const isHere =
    answer.kind === 'refused' && (await lookForHosted({ funding, dependencies }).catch(() => false))
  return isHere ? { kind: 'asked' } : answer
}

/**
 * Looks whether a payment that a facilitator was to submit has come: first for the payer's nonce, since a transfer of the same amount may
 * be another one, then for the Transfer log and its receipt.
 *
 * @returns whether it is here now.
 * @throws where the RPC fails.
 */
export async function lookForHosted({ funding, dependencies }: Subject): Promise<boolean> {
  const hosted = hostedOf({ funding, dependencies })
  if (!hosted || !(await hosted.isNonceUsed(funding))) return false
  return adoptPayment({ funding, isDoubted: true, dependencies })
}
