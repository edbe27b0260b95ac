import { offerTemplates } from '../offers/offers.ts'
import { permit2NeedOf } from '../offers/permit2-need.ts'
import { type ApprovalClaim, APPROVAL_SPONSORING, checkSponsoredApproval } from './sponsored-approval.ts'
import { checkSponsoredPermit, type PermitClaim, PERMIT_SPONSORING } from './sponsored-permit.ts'
import type { SignatureCheck } from '../signing/signature.ts'
import {
  SCHEMES,
  type Asset,
  type CheckedPayment,
  type Scheme,
  type Sponsored,
  type Terms,
} from '../types.ts'

/** What a payment brings for a server that pays the gas of its allowance. */
export type SponsoringClaims = { readonly permit?: PermitClaim; readonly approval?: ApprovalClaim }

const isThroughPermit2 = ({ scheme, asset }: { scheme: Scheme; asset: Asset }) =>
  scheme === 'upto' || asset.transfer === 'permit2'

/** The published clients build every domain with `chainId`, so of a salted one they are told nothing and sign no permit. */
const hasPermit = ({ eip712 }: Asset) => eip712 !== undefined

/**
 * What a 402 announces of sponsored allowances: what `@x402/extensions` declares, with its schema in the fewest words, since each client
 * echoes all of it. `schemes` is ours: by which of the offers it is taken. Nothing where no offer needs an allowance.
 */
export function sponsoringOffers(terms: Terms): Readonly<Record<string, unknown>> {
  if (!terms.sponsorsPermits && !terms.sponsorsApprovals) return {}
  const through = offerTemplates(terms).filter(isThroughPermit2)
  const schemesOf = (takes: (asset: Asset) => boolean) =>
    SCHEMES.filter((scheme) => through.some((one) => one.scheme === scheme && takes(one.asset)))
  const permits = terms.sponsorsPermits ? schemesOf(hasPermit) : []
  const approvals = terms.sponsorsApprovals ? schemesOf(() => true) : []
  return {
    ...(permits.length > 0 ? { [PERMIT_SPONSORING]: permitOffer(permits) } : {}),
    ...(approvals.length > 0 ? { [APPROVAL_SPONSORING]: approvalOffer(approvals) } : {}),
  }
}

const permitOffer = (schemes: readonly Scheme[]) => ({
  info: {
    description: 'The gas of an EIP-2612 permit for Permit2 is on this server.',
    version: '1',
    schemes,
  },
  schema: {
    type: 'object',
    required: ['from', 'asset', 'spender', 'amount', 'nonce', 'deadline', 'signature', 'version'],
  },
})

const approvalOffer = (schemes: readonly Scheme[]) => ({
  info: {
    description: 'The gas of a signed approve(Permit2, amount) is on this server.',
    version: '1',
    schemes,
  },
  schema: {
    type: 'object',
    required: ['from', 'asset', 'spender', 'amount', 'signedTransaction', 'version'],
  },
})

/**
 * What of that belongs to a payment whose signatures are good. What is not sponsored here, or not needed, is passed over in silence.
 *
 * @throws TurnpikeError what {@link checkSponsoredPermit} and {@link checkSponsoredApproval} throw.
 */
export function sponsoredOf({
  checked,
  claims: { permit, approval },
  terms,
  ...context
}: {
  checked: CheckedPayment
  claims: SponsoringClaims
  terms: Terms
  nowSeconds: number
  signatures: SignatureCheck
}): Sponsored {
  const need = permit2NeedOf(checked)
  if (!need) return {}
  const subject = { payment: checked, need }
  return {
    ...(permit && terms.sponsorsPermits
      ? { sponsoredPermit: checkSponsoredPermit({ claim: permit, ...subject, ...context }) }
      : {}),
    ...(approval && terms.sponsorsApprovals
      ? { sponsoredApproval: checkSponsoredApproval({ claim: approval, ...subject }) }
      : {}),
  }
}
