import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { isSecretOf } from './hash-secret.ts'
import type { ParsedKey } from './api-key.ts'
import type { ApiKey } from './types.ts'

export type KeyState = 'active' | 'expired' | 'revoked'

/** Revoked wins: who looks at a key wants to know that somebody took it away. */
export function keyState({ key, nowMs }: { key: ApiKey; nowMs: number }): KeyState {
  if (key.revokedAtMs !== undefined) return 'revoked'
  return key.expiresAtMs !== undefined && key.expiresAtMs <= nowMs ? 'expired' : 'active'
}

/**
 * Lets a key in. What is wrong with a key is told only to who has its secret; for all others it does not exist.
 *
 * @param key the row that the id leads to, if there is one.
 * @param peppers by version.
 * @param isTestServer whether this server takes `tp_test_` keys.
 * @throws TurnpikeError `key_invalid`, `key_revoked`, `key_expired`, `key_wrong_environment`.
 */
export function requireUsableKey({
  parsed,
  key,
  peppers,
  isTestServer,
  nowMs,
}: {
  parsed: ParsedKey | undefined
  key: ApiKey | undefined
  peppers: ReadonlyMap<number, string | Uint8Array>
  isTestServer: boolean
  nowMs: number
}): ApiKey {
  const pepper = key && peppers.get(key.pepperVersion)
  if (!parsed || !key || pepper === undefined || key.isTest !== parsed.isTest)
    throw new TurnpikeError('key_invalid')
  if (key.id !== parsed.id || !isSecretOf({ secret: parsed.secret, secretHash: key.secretHash, pepper }))
    throw new TurnpikeError('key_invalid')
  const state = keyState({ key, nowMs })
  if (state === 'revoked') throw new TurnpikeError('key_revoked')
  if (state === 'expired') throw new TurnpikeError('key_expired')
  if (key.isTest !== isTestServer) throw new TurnpikeError('key_wrong_environment')
  return key
}
