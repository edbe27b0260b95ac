import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import type { CheckpointSigner } from '../call/govern/dependencies.ts'

/** An ed25519 key out of its seed (RFC 8410): what dev makes of its chain. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')
const SEED_BYTES = 32

export const keyOfSeed = (seed: Uint8Array): string => {
  if (seed.length !== SEED_BYTES) throw new RangeError('The seed of an ed25519 key has 32 bytes.')
  return Buffer.concat([PKCS8_HEAD, seed]).toString('base64')
}

/** @throws Error where the text is no ed25519 key. */
export function readAuditKey(privateKey: string): KeyObject {
  const key = createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' })
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('is not an ed25519 key')
  return key
}

/**
 * Signs checkpoints of audit logs.
 *
 * @param privateKey PKCS #8 as base64 of its DER: `openssl genpkey -algorithm ed25519 -outform DER | base64 -w0`.
 */
export function checkpointSigner({ privateKey }: { privateKey: string }): CheckpointSigner {
  const key = readAuditKey(privateKey)
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64')
  return { publicKey, sign: (bytes) => sign(null, bytes, key).toString('base64url') }
}
