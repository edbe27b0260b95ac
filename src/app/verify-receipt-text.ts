import { createHash } from 'node:crypto'
import { parseAddress } from '../payment/hex.ts'
import { OFFER_RECEIPT, type ReceiptVerdict, verifyCallReceipt } from '../payment/receipts/signed-receipt.ts'
import type { Hex } from '../payment/types.ts'

export type { ReceiptVerdict } from '../payment/receipts/signed-receipt.ts'
export { RECEIPT_BUCKETS } from '../payment/receipts/typed-receipt.ts'

type Fields = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null
const memberOf = (value: unknown, name: string) => (isObject(value) ? value[name] : undefined)

/** The signed receipt in whatever was kept: itself, the whole receipt as JSON, or the PAYMENT-RESPONSE header as it came. */
function signedIn(text: string): unknown {
  const trimmed = text.trim()
  const json = trimmed.startsWith('{') ? trimmed : Buffer.from(trimmed, 'base64').toString('utf8')
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return undefined
  }
  const info = memberOf(memberOf(memberOf(value, 'extensions'), OFFER_RECEIPT), 'info')
  return memberOf(info, 'call') ?? memberOf(value, 'call') ?? value
}

/**
 * Verifies what somebody has kept of a receipt, without asking anybody.
 *
 * @param signer whom it must be signed by. @param body of the request that it must be for.
 * @throws Error where the signer is no address.
 */
export function verifyReceiptText({
  text,
  signer,
  body,
}: {
  text: string
  signer?: string
  body?: Uint8Array
}): ReceiptVerdict {
  const wanted = signer === undefined ? undefined : parseAddress(signer)
  if (signer !== undefined && !wanted) throw new Error('--signer takes an address: 0x and 40 hex digits.')
  const requestHash: Hex | undefined =
    body === undefined ? undefined : `0x${createHash('sha256').update(body).digest('hex')}`
  return verifyCallReceipt({
    signed: signedIn(text),
    ...(wanted ? { signer: wanted } : {}),
    ...(requestHash ? { requestHash } : {}),
  })
}
