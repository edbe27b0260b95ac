import { timingSafeEqual } from 'node:crypto'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { VoucherCaveats } from '../../lib/voucher-caveats.ts'
import { caveatsOf, type VoucherText } from '../../lib/voucher-text.ts'
import { keyState } from '../keys/check-key.ts'
import type { ApiKey } from '../keys/types.ts'
import { levelIdOf, signaturesOf } from './sign-voucher.ts'

/** One link of a voucher, and what it is called. */
export type VoucherLevel = { readonly id: string; readonly caveats: VoucherCaveats }

const isSame = (given: string, wanted: string): boolean =>
  given.length === wanted.length && timingSafeEqual(Buffer.from(given), Buffer.from(wanted))

/** @throws TurnpikeError `voucher_invalid` for a link that cannot be read, or that follows one after which none may. */
function readLinks(links: readonly string[]): readonly VoucherCaveats[] {
  const all = links.map((link, index) => {
    const caveats = caveatsOf(link)
    if (caveats) return caveats
    throw new TurnpikeError('voucher_invalid', {
      message: `Link ${index + 1} of this voucher cannot be read.`,
    })
  })
  const last = all.findIndex(({ delegable }) => delegable === false)
  if (last >= 0 && last < all.length - 1)
    throw new TurnpikeError('voucher_invalid', {
      message: `Nothing may be appended to link ${last + 1} of this voucher: it is not delegable.`,
    })
  return all
}

/**
 * Lets a spend voucher in. What is wrong with it is told only to who holds one that is signed; for all others it does not exist.
 *
 * @param voucher as it was read; undefined where its text is none.
 * @param key the row that its key's id leads to, if there is one.
 * @param peppers by version.
 * @returns its levels, from the one that was handed out to the narrowest.
 * @throws TurnpikeError `voucher_invalid`, `voucher_revoked`, `voucher_expired`, `key_wrong_environment`.
 */
export function requireUsableVoucher({
  voucher,
  key,
  peppers,
  isTestServer,
  nowMs,
}: {
  voucher: VoucherText | undefined
  key: ApiKey | undefined
  peppers: ReadonlyMap<number, string | Uint8Array>
  isTestServer: boolean
  nowMs: number
}): readonly [VoucherLevel, ...VoucherLevel[]] {
  const pepper = key && peppers.get(key.pepperVersion)
  if (!voucher || !key || pepper === undefined || key.id !== voucher.keyId)
    throw new TurnpikeError('voucher_invalid')
  const signatures = signaturesOf({ voucher, key, pepper })
  if (!isSame(voucher.signature, signatures.at(-1)?.toString('base64url') ?? ''))
    throw new TurnpikeError('voucher_invalid')
  if (keyState({ key, nowMs }) !== 'active') throw new TurnpikeError('voucher_revoked')
  if (key.isTest !== isTestServer) throw new TurnpikeError('key_wrong_environment')
  const { nonce, links } = voucher
  const [first = {}, ...further] = readLinks(links)
  if (expiryOf([first, ...further]) <= nowMs) throw new TurnpikeError('voucher_expired')
  const levels: readonly [VoucherLevel, ...VoucherLevel[]] = [
    { id: levelIdOf({ nonce }), caveats: first },
    ...further.map((caveats, index) => {
      const signature = signatures[index + 1]
      if (!signature) throw new TurnpikeError('internal_error')
      return { id: levelIdOf({ nonce, signature }), caveats }
    }),
  ]
  requireKept({ levels, key })
  return levels
}

/** With a link everything that was narrowed from it is taken back. */
function requireKept({ levels, key }: { levels: readonly VoucherLevel[]; key: ApiKey }): void {
  const { revokedVouchers = [] } = key
  const revoked = levels.find(({ id }) => revokedVouchers.some((one) => one.id === id))
  if (!revoked) return
  throw new TurnpikeError('voucher_revoked', {
    message: 'This voucher was revoked, or one that it was narrowed from.',
    extra: { metadata: { id: revoked.id } },
  })
}

/** The earliest of all ends; Infinity where none has one. */
export const expiryOf = (all: readonly VoucherCaveats[]): number =>
  Math.min(...all.map(({ expiresAtMs }) => expiresAtMs ?? Infinity))
