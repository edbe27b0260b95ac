import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import type { WebhookKey } from '../call/outbox-ports.ts'

/** What makes a private key of RFC 8032 out of its 32 bytes, for node: the head of its PKCS #8 form. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')
const SEED_BYTES = 32

export type OperatorKey = { readonly privateKey: KeyObject; readonly publicKey: WebhookKey }

/**
 * Reads the operator's signing key.
 *
 * @param text `whsk_` and the base64 of the 32 bytes of an ed25519 key; its 32 public bytes may follow them, as other tools write it.
 * @throws RangeError where it is neither, or the two halves do not belong together. The text is never repeated.
 */
export function readOperatorKey(text: string): OperatorKey {
  const bytes = Buffer.from(text.replace(/^whsk_/, ''), 'base64')
  if (bytes.length !== SEED_BYTES && bytes.length !== 2 * SEED_BYTES)
    throw new RangeError('It is not whsk_ and the base64 of 32 or 64 bytes.')
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8_HEAD, bytes.subarray(0, SEED_BYTES)]),
    format: 'der',
    type: 'pkcs8',
  })
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' })
  const own = Buffer.from(x, 'base64url')
  const given = bytes.subarray(SEED_BYTES)
  if (given.length > 0 && !given.equals(own)) throw new RangeError('Its two halves do not belong together.')
  return {
    privateKey,
    publicKey: {
      kty: 'OKP',
      crv: 'Ed25519',
      x,
      use: 'sig',
      alg: 'EdDSA',
      whpk: `whpk_${own.toString('base64')}`,
    },
  }
}
