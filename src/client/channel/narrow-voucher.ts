import { base64UrlOfBytes, bytesOfBase64Url } from '../../lib/bytes.ts'
import { LIMITS } from '../../lib/limits.ts'
import { caveatFields, readCaveats, type VoucherCaveats } from '../../lib/voucher-caveats.ts'
import { caveatsOf, linkOf, readVoucherText, writeVoucherText } from '../../lib/voucher-text.ts'
import { type Usd, usdToPico } from '../wire/usd.ts'

/** What is taken away from a voucher. Nothing here can give more than the voucher has. */
export type VoucherLimits = {
  /** What all calls with the new voucher may cost together. */
  readonly maxUsd?: Usd | undefined
  readonly maxRequests?: number | undefined
  /** Names or patterns such as `anthropic/*`. */
  readonly models?: readonly string[] | undefined
  readonly expiresAt?: Date | undefined
  /** false: nobody can narrow it further. */
  readonly delegable?: false | undefined
}

const NONCE_BYTES = 12

const HMAC = { name: 'HMAC', hash: 'SHA-256' } as const

async function hmac(key: Uint8Array, text: string): Promise<Uint8Array> {
  const { subtle } = globalThis.crypto
  const imported = await subtle.importKey('raw', Uint8Array.from(key), HMAC, false, ['sign'])
  return new Uint8Array(await subtle.sign('HMAC', imported, new TextEncoder().encode(text)))
}

const newNonce = (): string =>
  base64UrlOfBytes(globalThis.crypto.getRandomValues(new Uint8Array(NONCE_BYTES)))

/** @throws RangeError naming the limit that is none. */
function caveatsFor({ maxUsd, maxRequests, models, expiresAt, delegable }: VoucherLimits): VoucherCaveats {
  const caveats: VoucherCaveats = {
    ...(maxUsd === undefined ? {} : { maxPicoUsd: usdToPico(maxUsd) }),
    ...(maxRequests === undefined ? {} : { maxRequests }),
    ...(models === undefined ? {} : { models }),
    ...(expiresAt === undefined ? {} : { expiresAtMs: expiresAt.getTime() }),
    ...(delegable === undefined ? {} : { delegable }),
    nonce: newNonce(),
  }
  const read = readCaveats(caveatFields(caveats))
  if ('caveats' in read) return caveats
  throw new RangeError(`${read.fault} is not a limit that a voucher can have.`)
}

/**
 * Makes a narrower voucher out of one, for a sub-agent: without a server, a key or a request. Whoever gets it cannot get back to what it was made
 * from, and spends within both. Two of the same limits are two, each with all of its own.
 *
 * @param voucher `tpv_…`, from `POST /v1/vouchers` or narrowed already.
 * @throws RangeError where it is no voucher, can be narrowed no further, or a limit is none.
 * @example const forChild = await narrowVoucher(voucher, { maxUsd: 0.001, models: ['openai/*'] })
 */
export async function narrowVoucher(voucher: string, limits: VoucherLimits): Promise<string> {
  const read = readVoucherText(voucher)
  const last = read?.links.at(-1)
  const caveats = last === undefined ? undefined : caveatsOf(last)
  if (!read || !caveats) throw new RangeError('This is not a spend voucher, which begins with tpv_.')
  if (caveats.delegable === false)
    throw new RangeError('This voucher is not delegable: nothing can be appended to it.')
  const link = linkOf(caveatsFor(limits))
  const signature = base64UrlOfBytes(await hmac(bytesOfBase64Url(read.signature), link))
  const narrowed = writeVoucherText({ ...read, links: [...read.links, link], signature })
  if (read.links.length < LIMITS.voucherLinks && narrowed.length <= LIMITS.voucherChars) return narrowed
  throw new RangeError(
    `A voucher has at most ${LIMITS.voucherLinks} links and ${LIMITS.voucherChars} characters.`,
  )
}
