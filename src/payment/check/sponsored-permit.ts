import type { Atomic } from '../../lib/money.ts'
import { demandEqual, mismatch } from './check-offer.ts'
import { demandSignature, demandWindow } from './check-transfer.ts'
import { PERMIT2 } from '../tokens/contracts.ts'
import { tokenPermitDigest } from '../signing/digest.ts'
import { addressAt, atomicAt, type Fields, secondsAt, signatureAt, uint256At } from './payload-fields.ts'
import type { SignatureCheck } from '../signing/signature.ts'
import type { Permit2Need } from '../offers/permit2-need.ts'
import type { Address, Asset, Hex, SponsoredPermit } from '../types.ts'

/** x402's extension by which whoever settles also pays the gas of the allowance, for tokens that have EIP-2612. */
export const PERMIT_SPONSORING = 'eip2612GasSponsoring'

/** A permit as it came; only its shape is right. */
export type PermitClaim = {
  readonly from: Address
  readonly asset: Address
  readonly spender: Address
  readonly amountAtomic: Atomic
  readonly nonce: bigint
  readonly deadline: number
  readonly signature: Hex
}

const PATH = `extensions.${PERMIT_SPONSORING}.info`

/**
 * Reads the permit that a payment carries beside what the server announced.
 *
 * @param info `extensions.eip2612GasSponsoring.info`; without a signature it is the mere echo of the announcement.
 * @throws TurnpikeError payment_malformed naming the field.
 */
export function decodePermitClaim(info: unknown): PermitClaim | undefined {
  if (typeof info !== 'object' || info === null || !Object.hasOwn(info, 'signature')) return undefined
  const of: Fields = { value: info as Record<string, unknown>, path: PATH }
  return {
    from: addressAt({ of, name: 'from' }),
    asset: addressAt({ of, name: 'asset' }),
    spender: addressAt({ of, name: 'spender' }),
    amountAtomic: atomicAt({ of, name: 'amount' }),
    nonce: uint256At({ of, name: 'nonce' }),
    deadline: secondsAt({ of, name: 'deadline' }),
    signature: signatureAt({ of, name: 'signature' }),
  }
}

/**
 * Checks a permit against the payment that it belongs to: the payer's, for Permit2, over exactly what the payment may move (the proxies
 * take no other), valid for as long as the payment itself. Whether its nonce is the next one only the chain knows.
 *
 * @throws TurnpikeError offer_mismatch, payment_expired, payment_validity_too_short, signature_invalid, signature_malleable.
 */
export function checkSponsoredPermit({
  claim,
  payment: { asset, payer },
  need: { neededAtomic, remainingSeconds },
  nowSeconds,
  signatures,
}: {
  claim: PermitClaim
  payment: { readonly asset: Asset; readonly payer: Address }
  need: Permit2Need
  nowSeconds: number
  signatures: SignatureCheck
}): SponsoredPermit {
  const { nonce, deadline, signature } = claim
  demandEqual({ actual: claim.from, expected: payer, param: `${PATH}.from` })
  demandEqual({ actual: claim.asset, expected: asset.address, param: `${PATH}.asset` })
  demandEqual({ actual: claim.spender, expected: PERMIT2, param: `${PATH}.spender` })
  demandEqual({ actual: claim.amountAtomic, expected: neededAtomic, param: `${PATH}.amount` })
  demandWindow({
    fromSeconds: 0,
    untilSeconds: deadline + 1,
    remainingSeconds,
    nowSeconds,
    paths: { from: `${PATH}.deadline`, until: `${PATH}.deadline` },
  })
  if (!asset.eip712) throw mismatch(`${PATH}.asset`)
  const digest = tokenPermitDigest({ asset, owner: payer, valueAtomic: neededAtomic, nonce, deadline })
  demandSignature({ signatures, digest, signature, signer: payer, param: `${PATH}.signature` })
  return { deadline, signature }
}
