import type { Network } from '../payment/types.ts'
import type { Purpose } from './types.ts'

/** Something happened to money on its way that is no error and that an operator should see. */
export type Notice = {
  readonly network: Network
  readonly kind:
    | 'held-back'
    /** Bytes with a higher fee were signed. */
    | 'replaced'
    /** A reorganisation took a transaction out of the chain. */
    | 'walked-back'
    /** It was in a block and did not do what it was for. */
    | 'reverted'
    /** A payment was found that somebody else had submitted. */
    | 'adopted'
    /** Its nonce was used by a transaction that is not ours. */
    | 'nonce-taken'
  readonly purpose: Purpose['kind']
  readonly reason?: string
}
