import { demandEqual, mismatch } from './check-offer.ts'
import { PERMIT2 } from '../tokens/contracts.ts'
import { addressAt, bytesAt, type Fields, uint256At } from './payload-fields.ts'
import type { Permit2Need } from '../offers/permit2-need.ts'
import type { Address, Asset, Hex, SponsoredApproval } from '../types.ts'

/** x402's extension by which whoever settles also pays for the payer's own `approve`, for tokens without permits. */
export const APPROVAL_SPONSORING = 'erc20ApprovalGasSponsoring'

/** An approval as it came: what the payer says of it, and its bytes, which nobody has looked into. */
export type ApprovalClaim = {
  readonly from: Address
  readonly asset: Address
  readonly spender: Address
  /** The published client approves 2^256 - 1. */
  readonly amount: bigint
  readonly raw: Hex
}

const PATH = `extensions.${APPROVAL_SPONSORING}.info`
/** A signed `approve` has 180 bytes or so. */
const MOST_BYTES = 512

/**
 * Reads the signed approval that a payment carries beside what the server announced.
 *
 * @param info `extensions.erc20ApprovalGasSponsoring.info`; without a transaction it is the mere echo of the announcement.
 * @throws TurnpikeError payment_malformed naming the field.
 */
export function decodeApprovalClaim(info: unknown): ApprovalClaim | undefined {
  if (typeof info !== 'object' || info === null || !Object.hasOwn(info, 'signedTransaction')) return undefined
  const of: Fields = { value: info as Record<string, unknown>, path: PATH }
  return {
    from: addressAt({ of, name: 'from' }),
    asset: addressAt({ of, name: 'asset' }),
    spender: addressAt({ of, name: 'spender' }),
    amount: uint256At({ of, name: 'amount' }),
    raw: bytesAt({ of, name: 'signedTransaction', mostBytes: MOST_BYTES }),
  }
}

/**
 * Checks what is said of an approval against the payment that it belongs to: the payer's, of this token, for Permit2, over enough.
 * Whether its bytes say the same settlement finds out, before it spends anything on them.
 *
 * @throws TurnpikeError offer_mismatch.
 */
export function checkSponsoredApproval({
  claim,
  payment: { asset, payer },
  need: { neededAtomic },
}: {
  claim: ApprovalClaim
  payment: { readonly asset: Asset; readonly payer: Address }
  need: Permit2Need
}): SponsoredApproval {
  demandEqual({ actual: claim.from, expected: payer, param: `${PATH}.from` })
  demandEqual({ actual: claim.asset, expected: asset.address, param: `${PATH}.asset` })
  demandEqual({ actual: claim.spender, expected: PERMIT2, param: `${PATH}.spender` })
  if (claim.amount < neededAtomic) throw mismatch(`${PATH}.amount`)
  return { raw: claim.raw }
}
