import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import { keyState } from './check-key.ts'
import type { ApiKey } from './types.ts'

/**
 * Puts a new key in the place of an old one. Both are good until the overlap ends, so that programs can change over; an old key that would
 * expire sooner still does. What hangs on the key (policies, budgets, what is spent) is the caller's to carry over: see `rotatedFromId`.
 *
 * @param fresh id and hash of the new text.
 * @param overlapMs how long the old one stays good; 0 ends it at once.
 * @param lifeMs how long the new one lives; absent: as long as the old one was made for.
 * @throws TurnpikeError `key_revoked`, `key_expired`, `invalid_governance_value`.
 */
export function rotateKey({
  key,
  fresh,
  nowMs,
  overlapMs = LIMITS.keyOverlapMs,
  lifeMs = key.expiresAtMs === undefined ? undefined : key.expiresAtMs - key.createdAtMs,
}: {
  key: ApiKey
  fresh: Pick<ApiKey, 'id' | 'secretHash' | 'pepperVersion'>
  nowMs: number
  overlapMs?: number
  lifeMs?: number | undefined
}): { readonly old: ApiKey; readonly next: ApiKey } {
  const state = keyState({ key, nowMs })
  if (state !== 'active') throw new TurnpikeError(`key_${state}`)
  if (!Number.isSafeInteger(overlapMs) || overlapMs < 0 || overlapMs > LIMITS.keyOverlapMaxMs)
    throw new TurnpikeError('invalid_governance_value', {
      param: 'overlap_seconds',
      message: `The overlap is 0 to ${LIMITS.keyOverlapMaxMs / 1_000} seconds.`,
    })
  const { expiresAtMs: _expiry, revokedVouchers: _revoked, ...rest } = key
  return {
    old: {
      ...key,
      expiresAtMs: Math.min(key.expiresAtMs ?? Infinity, nowMs + overlapMs),
      version: key.version + 1,
    },
    next: {
      ...rest,
      ...fresh,
      createdAtMs: nowMs,
      ...(lifeMs === undefined ? {} : { expiresAtMs: nowMs + lifeMs }),
      rotatedFromId: key.id,
      version: 1,
    },
  }
}
