/**
 * The named places between two durable steps where a crash must lose nothing. A test gives `reach` a function that ends the
 * process at one of them; in service it does nothing.
 */
export const CRASH_POINTS = [
  /** F1: the payment's nonce is reserved, nothing is signed. */
  'funding-reserved',
  /** W4, F2: signed bytes are stored and have not left the process. */
  'signed',
  /** The bytes were sent; nobody has looked for a receipt. */
  'broadcast',
  /** F3: the money is here, the call is not admitted. */
  'funded',
  /** W1, W2: the hold is durable, no byte has gone to a provider. */
  'admitted',
  /** The provider works. */
  'forwarded',
  /** W3: charged, and the caller does not have the last byte. */
  'captured',
  /** W5 */
  'seen',
  /** W6 */
  'final',
  /** Mined without doing what it was for. */
  'reverted',
  /** A reorganisation was recorded; the bytes are not sent again yet. */
  'walked-back',
  /** Bytes with a higher fee are stored and have not left the process. */
  'replaced',
  /** A payment that somebody else submitted is booked. */
  'adopted',
  /** A refund is held and nothing is signed for it. */
  'refund-held',
] as const

export type CrashPoint = (typeof CRASH_POINTS)[number]

export type Reach = (point: CrashPoint) => void
