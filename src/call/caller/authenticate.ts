import { isOurKey, parseKey } from '../../governance/keys/api-key.ts'
import { requireUsableKey } from '../../governance/keys/check-key.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { Clock } from '../ports.ts'
import type { Authenticate } from '../rules-ports.ts'
import type { RulesCache } from './rules-cache.ts'

const BEARER = /^bearer\s+/i

/**
 * Lets keys in: of `Authorization: Bearer tp_…` as of `x-api-key: tp_…`, which is Anthropic's. SDKs always send something there, so what does
 * not look like a key of ours is nobody's.
 *
 * @param peppers by version; without the one of a key's row there is no such key.
 */
export function createAuthenticate({
  rules,
  peppers,
  isTest,
  clock,
}: {
  rules: Pick<RulesCache, 'byKey'>
  peppers: ReadonlyMap<number, string>
  /** Whether this server's keys are `tp_test_`. */
  isTest: boolean
  clock: Pick<Clock, 'nowMs'>
}): Authenticate {
  return async (authorization) => {
    const text = authorization?.replace(BEARER, '').trim()
    if (text === undefined || !isOurKey(text)) return undefined
    const parsed = parseKey(text)
    if (!parsed) throw new TurnpikeError('key_invalid')
    const found = await rules.byKey(parsed.id)
    requireUsableKey({ parsed, key: found?.key, peppers, isTestServer: isTest, nowMs: clock.nowMs() })
    return found
  }
}
