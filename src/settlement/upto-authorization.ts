import type { Hex, SponsoredPermit } from '../payment/types.ts'

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
