import { createHmac, sign as signWith, type KeyObject } from 'node:crypto'

const SECRET_PREFIX = 'whsec_'

/** The bytes of a secret as it is shown: `whsec_` and base64. */
const secretBytes = (secret: string) => Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64')

export const secretText = (bytes: Uint8Array): string =>
  `${SECRET_PREFIX}${Buffer.from(bytes).toString('base64')}`

/**
 * The headers of one attempt, after the Standard Webhooks specification: `v1` (HMAC-SHA256) for each secret, the new one first,
 * and `v1a` (ed25519) where the operator has a key.
 *
 * @param id of the event, the same for every attempt: receivers know a repeat by it. It has no dot.
 * @param timestampSeconds of this attempt.
 * @param secrets `whsec_…`; two while one takes the other's place.
 * @example signHeaders({ id: 'evt_1', timestampSeconds: 1_800_000_000, body: '{}', secrets: ['whsec_…'] })
 * // { 'webhook-id': 'evt_1', 'webhook-timestamp': '1800000000', 'webhook-signature': 'v1,…' }
 */
export function signHeaders({
  id,
  timestampSeconds,
  body,
  secrets,
  key,
}: {
  id: string
  timestampSeconds: number
  body: string
  secrets: readonly string[]
  key?: KeyObject | undefined
}): Readonly<Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>> {
  const signed = `${id}.${timestampSeconds}.${body}`
  const signatures = secrets.map(
    (secret) => `v1,${createHmac('sha256', secretBytes(secret)).update(signed).digest('base64')}`,
  )
  if (key) signatures.push(`v1a,${signWith(null, Buffer.from(signed), key).toString('base64')}`)
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': signatures.join(' '),
  }
}
