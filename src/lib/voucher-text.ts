import { base64UrlOfText, textOfBase64Url } from './bytes.ts'
import { LIMITS } from './limits.ts'
import { caveatFields, readCaveats, type VoucherCaveats } from './voucher-caveats.ts'

/**
 * A spend voucher as it is written: `tpv_<key id>.<nonce>.<link>…<link>.<signature>`, links and signature in base64url, a link being a JSON
 * object. Who has it can append a link: the new signature is the HMAC-SHA256 of the link's text under the old one, which is not in it any more.
 * So anybody narrows without asking, and nobody takes a link away.
 */
export type VoucherText = {
  readonly keyId: string
  /** Of 128 random bits: names the voucher. */
  readonly nonce: string
  /** As they are written, the first one first. */
  readonly links: readonly string[]
  readonly signature: string
}

const PREFIX = 'tpv_'
const SHAPE = /^tpv_([0-9A-Za-z]{8})\.([\w-]{22})((?:\.[\w-]+)+)\.([\w-]{43})$/

/** Whether a credential wants to be a spend voucher. */
export const isVoucherText = (text: string): boolean => text.startsWith(PREFIX)

/** @returns undefined where the text is none, is too long or has too many links. */
export function readVoucherText(text: string): VoucherText | undefined {
  if (text.length > LIMITS.voucherChars) return undefined
  const [, keyId = '', nonce = '', joined = '', signature = ''] = SHAPE.exec(text) ?? []
  const links = joined.split('.').slice(1)
  if (links.length === 0 || links.length > LIMITS.voucherLinks) return undefined
  return { keyId, nonce, links, signature }
}

export const writeVoucherText = ({ keyId, nonce, links, signature }: VoucherText): string =>
  `${PREFIX}${[keyId, nonce, ...links, signature].join('.')}`

/** What the signature of a voucher with one link is over; of every further one it is the link alone. */
export const firstSigned = ({ keyId, nonce, links: [first = ''] }: Omit<VoucherText, 'signature'>): string =>
  `${keyId}.${nonce}.${first}`

export const linkOf = (caveats: VoucherCaveats): string =>
  base64UrlOfText(JSON.stringify(caveatFields(caveats)))

/** @returns undefined where it is no JSON object, or has a field that cannot be read. */
export function caveatsOf(link: string): VoucherCaveats | undefined {
  let fields: unknown
  try {
    fields = JSON.parse(textOfBase64Url(link))
  } catch {
    return undefined
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return undefined
  const read = readCaveats(fields as Readonly<Record<string, unknown>>)
  return 'caveats' in read ? read.caveats : undefined
}
