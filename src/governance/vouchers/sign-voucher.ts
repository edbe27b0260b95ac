import { createHash, createHmac } from 'node:crypto'
import type { VoucherCaveats } from '../../lib/voucher-caveats.ts'
import { firstSigned, linkOf, type VoucherText, writeVoucherText } from '../../lib/voucher-text.ts'
import type { ApiKey } from '../keys/types.ts'

/** Apart from what else the pepper keys, and from what else is hashed. */
const ROOT_LABEL = 'turnpike spend voucher 1\n'
const LEVEL_LABEL = 'turnpike voucher level 1\n'

const signed = (key: string | Uint8Array, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest()

/** What may sign for a key: its row, and the pepper that is not in the database. */
type Signer = { readonly key: Pick<ApiKey, 'id' | 'secretHash'>; readonly pepper: string | Uint8Array }

/** The signatures of all links, the last of which stands in the voucher. Another secret of the key gives others. */
export function signaturesOf({
  voucher,
  key,
  pepper,
}: Signer & { voucher: Omit<VoucherText, 'signature'> }): readonly [Buffer, ...Buffer[]] {
  const root = signed(pepper, `${ROOT_LABEL}${key.id}\n${key.secretHash}`)
  let signature = signed(root, firstSigned(voucher))
  const first = signature
  const further = voucher.links.slice(1).map((link) => {
    signature = signed(signature, link)
    return signature
  })
  return [first, ...further]
}

/**
 * Makes a spend voucher of a key. Like a key's text it is a secret, shown once; nothing of it is stored.
 *
 * @param nonce 16 random bytes.
 */
export function mintVoucher({
  caveats,
  nonce: random,
  ...signer
}: Signer & { caveats: VoucherCaveats; nonce: Uint8Array }): { readonly id: string; readonly text: string } {
  const nonce = Buffer.from(random).toString('base64url')
  const voucher = { keyId: signer.key.id, nonce, links: [linkOf(caveats)] }
  const [signature] = signaturesOf({ voucher, ...signer })
  return {
    id: levelIdOf({ nonce }),
    text: writeVoucherText({ ...voucher, signature: signature.toString('base64url') }),
  }
}

/**
 * How a level of a voucher is called in budgets and refusals. Of a narrowed one it is a hash of its signature: who knew the signature itself, which
 * whoever holds a narrower one must not, could take what follows away.
 */
export const levelIdOf = ({ nonce, signature }: { nonce: string; signature?: Uint8Array }): string =>
  signature === undefined
    ? `vch_${nonce}`
    : `vch_${nonce}.${createHash('sha256').update(LEVEL_LABEL).update(signature).digest().subarray(0, 16).toString('base64url')}`
