import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

const TOKEN_BYTES = 32

/** A secret that is given to one browser or in one invitation: 256 random bits. */
export const newToken = (random: (byteCount: number) => Uint8Array): string =>
  Buffer.from(random(TOKEN_BYTES)).toString('base64url')

/** How a token is stored. A fast hash is right here: 256 random bits cannot be guessed. */
export const hashToken = (token: string): string => createHash('sha256').update(token).digest('base64url')

/**
 * What a page of ours sends beside the cookie. It follows from the session's token, so that it need not be kept, and a page that was loaded again
 * can ask for it; another site sees neither.
 */
export const csrfTokenOf = (token: string): string =>
  createHmac('sha256', token).update('turnpike csrf 1').digest('base64url')

export function isCsrfTokenOf({ token, given }: { token: string; given: string }): boolean {
  const wanted = Buffer.from(csrfTokenOf(token))
  const said = Buffer.from(given)
  return said.length === wanted.length && timingSafeEqual(said, wanted)
}
