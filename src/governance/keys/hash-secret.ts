import { createHmac, timingSafeEqual } from 'node:crypto'

/** Apart from what else the same server key may sign. */
const LABEL = 'turnpike api key 1\n'

type Secret = {
  readonly secret: string
  /** At least 32 random bytes; not in the database, so that who reads it can check no guess. */
  readonly pepper: string | Uint8Array
}

const digestOf = ({ secret, pepper }: Secret): Buffer =>
  createHmac('sha256', pepper).update(LABEL).update(secret).digest()

/** What is stored of a key's secret, as base64url. A fast hash is right here: 256 random bits cannot be guessed. */
export const hashSecret = (given: Secret): string => digestOf(given).toString('base64url')

/** Whether a secret is the one that was stored, in a time that does not depend on where they differ. */
export function isSecretOf({ secretHash, ...given }: Secret & { readonly secretHash: string }): boolean {
  const stored = Buffer.from(secretHash, 'base64url')
  const found = digestOf(given)
  return stored.length === found.length && timingSafeEqual(stored, found)
}
