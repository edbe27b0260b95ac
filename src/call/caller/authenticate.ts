import { isOurKey, parseKey } from '../../governance/keys/api-key.ts'
import { requireUsableKey } from '../../governance/keys/check-key.ts'
import { requireUsableVoucher } from '../../governance/vouchers/check-voucher.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { isVoucherText, readVoucherText } from '../../lib/voucher-text.ts'
import type { Clock } from '../ports.ts'
import type { Authenticate, CallerRules } from '../rules-ports.ts'
import type { RulesCache } from './rules-cache.ts'
import { withVoucher } from './with-voucher.ts'

const BEARER = /^bearer\s+/i

/** Who may call, and who may do anything else. */
export type Authentication = {
  /** Keys alone. What is no call asks this one, so a voucher can do nothing that was not meant for it. */
  readonly authenticate: Authenticate
  /** Keys, and vouchers that were made with them. */
  readonly authenticateCaller: Authenticate
}

/**
 * Lets keys in: of `Authorization: Bearer tp_…` as of `x-api-key: tp_…`, which is Anthropic's, and vouchers (`tpv_…`) alike. SDKs always send
 * something there, so what does not look like a key of ours is nobody's.
 *
 * @param peppers by version; without the one of a key's row there is no such key.
 */
export function createAuthentication({
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
}): Authentication {
  const shared = () => ({ peppers, isTestServer: isTest, nowMs: clock.nowMs() })

  async function byKey(text: string): Promise<CallerRules | undefined> {
    const parsed = parseKey(text)
    if (!parsed) throw new TurnpikeError('key_invalid')
    const found = await rules.byKey(parsed.id)
    requireUsableKey({ parsed, key: found?.key, ...shared() })
    return found
  }

  async function byVoucher(text: string): Promise<CallerRules | undefined> {
    const voucher = readVoucherText(text)
    const found = voucher && (await rules.byKey(voucher.keyId))
    const levels = requireUsableVoucher({ voucher, key: found?.key, ...shared() })
    return found && withVoucher({ rules: found, levels })
  }

  const from =
    (ofVoucher: (text: string) => Promise<CallerRules | undefined>): Authenticate =>
    async (authorization) => {
      const text = authorization?.replace(BEARER, '').trim()
      if (text === undefined) return undefined
      if (isVoucherText(text)) return ofVoucher(text)
      return isOurKey(text) ? byKey(text) : undefined
    }

  return {
    authenticate: from(async (text) => {
      await byVoucher(text)
      throw new TurnpikeError('voucher_calls_only')
    }),
    authenticateCaller: from(byVoucher),
  }
}
