import type { Hex, SponsoredPermit, UptoPayment } from '../payment/types.ts'

/** What an `upto` settlement needs of the payer's signature; stored with the admission, spent by one transaction. */
export type UptoAuthorization = {
  /** Permit2 nonce, decimal. */
  readonly nonce: string
  readonly permittedAtomic: string
  /** Seconds since 1970. */
  readonly validAfter: number
  readonly deadline: number
  readonly signature: Hex
  /** A permit of the token that goes first, in the same transaction; over exactly what is permitted. */
  readonly permit?: SponsoredPermit
}

/** What a payment authorises, with the permit that is sponsored for it, where one is. */
export const uptoAuthorizationOf = ({
  payment: { nonce, permittedAtomic, validAfter, deadline, signature },
  permit,
}: {
  payment: UptoPayment
  permit: SponsoredPermit | undefined
}): UptoAuthorization => ({
  nonce: nonce.toString(),
  permittedAtomic: permittedAtomic.toString(),
  validAfter,
  deadline,
  signature,
  ...(permit ? { permit } : {}),
})
