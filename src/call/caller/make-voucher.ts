import { requireKeyPermission } from '../../governance/keys/key-kinds.ts'
import { mintVoucher } from '../../governance/vouchers/sign-voucher.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { VoucherCaveats } from '../../lib/voucher-caveats.ts'
import type { Clock } from '../ports.ts'
import type { CallerRules } from '../rules-ports.ts'

/**
 * Makes a spend voucher of a key; nothing is stored.
 *
 * @param rules of the key, from authenticate.
 * @throws TurnpikeError `key_kind_mismatch`, `permission_denied`.
 */
export type MakeVoucher = (asked: { readonly rules: CallerRules; readonly caveats: VoucherCaveats }) => {
  readonly id: string
  /** Shown once: as secret as the key. */
  readonly text: string
}

const NONCE_BYTES = 16

/** @param peppers by version: a voucher is signed under the one of its key. */
export function createMakeVoucher({
  peppers,
  clock,
}: {
  peppers: ReadonlyMap<number, string>
  clock: Pick<Clock, 'random'>
}): MakeVoucher {
  return ({ rules: { key, grants, unit }, caveats }) => {
    const pepper = key && peppers.get(key.pepperVersion)
    if (!key || pepper === undefined) throw new TurnpikeError('key_invalid')
    requireKeyPermission({
      key,
      grants,
      permission: 'vouchers:create',
      unitPath: unit.path,
      isOwn: true,
    })
    return mintVoucher({ key, pepper, caveats, nonce: clock.random(NONCE_BYTES) })
  }
}
