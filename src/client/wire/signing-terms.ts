import type { Payment } from '../context.ts'

/** How long before now an authorisation begins, for clocks that disagree. */
const CLOCK_SLACK_SECONDS = 600

export type Validity = { readonly validAfter: number; readonly validUntil: number }

/** Seconds since 1970 within which the chain takes what is signed now. */
export function validityOf({ context, approved }: Pick<Payment, 'context' | 'approved'>): Validity {
  const nowSeconds = Math.floor(context.nowMs() / 1_000)
  return {
    validAfter: nowSeconds - CLOCK_SLACK_SECONDS,
    validUntil: nowSeconds + approved.offer.maxTimeoutSeconds,
  }
}

/** The token's EIP-712 domain: from our own table where it says, since a wrong one makes a signature worthless. */
export function tokenDomain({ approved: { asset, offer } }: Pick<Payment, 'approved'>) {
  const { name, version } = offer.extra
  return {
    network: offer.network,
    token: asset.address,
    name: asset.eip712?.name ?? (typeof name === 'string' ? name : ''),
    version: asset.eip712?.version ?? (typeof version === 'string' ? version : ''),
  }
}
