import { parseAtomic, picoUsdToAtomic } from '../../lib/money.ts'
import { parseAddress, parseBytes32, parseHex } from '../hex.ts'
import { parseNetwork } from '../tokens/networks.ts'
import { recoverSigner, signDigest } from '../signing/signature.ts'
import { callReceiptDigest, type CallReceipt, RECEIPT_BUCKETS } from './typed-receipt.ts'
import type { Address, Hex } from '../types.ts'

/** x402's extension under which receipts and offers are signed. */
export const OFFER_RECEIPT = 'offer-receipt'

export type SignedCallReceipt = {
  readonly format: 'eip712'
  readonly payload: CallReceipt
  readonly signature: Hex
}

export const signCallReceipt = ({
  receipt,
  privateKey,
}: {
  receipt: CallReceipt
  privateKey: Hex
}): SignedCallReceipt => ({
  format: 'eip712',
  payload: receipt,
  signature: signDigest({ digest: callReceiptDigest(receipt), privateKey }),
})

export type ReceiptVerdict = {
  /** Who signed it, where the signature is one. */
  readonly signer?: Address
  readonly receipt?: CallReceipt
  /** What is wrong with it; empty where nothing is. */
  readonly problems: readonly string[]
}

/**
 * Verifies a signed receipt without asking anybody: its form, its signer, that the charge is within what was signed for, and that it is no
 * more than the usage at the published prices.
 *
 * @param signer who must have signed it: the `receiverAuthorizer` of the server's offers. Absent: whoever did is told.
 * @param requestBody where given, the body that was sent: its SHA-256 must be that of the receipt. @param sha256 hashes it.
 */
export function verifyCallReceipt({
  signed,
  signer,
  requestHash,
}: {
  signed: unknown
  signer?: Address
  requestHash?: Hex
}): ReceiptVerdict {
  const read = readSigned(signed)
  if (!read) return { problems: ['This is not a signed receipt of a call.'] }
  const { payload: receipt, signature } = read
  const found = recoverSigner({ digest: callReceiptDigest(receipt), signature })
  if (!found) return { receipt, problems: ['The signature is none.'] }
  const problems: string[] = []
  if (signer !== undefined && found !== signer) problems.push(`It was signed by ${found}, not by ${signer}.`)
  if (requestHash !== undefined && receipt.requestHash !== requestHash)
    problems.push('It is for another request body.')
  return { signer: found, receipt, problems: [...problems, ...sumProblems(receipt)] }
}

function sumProblems(receipt: CallReceipt): string[] {
  const { usage, pricesPicoUsd, decimals } = receipt
  const charge = BigInt(receipt.charge)
  const cost = RECEIPT_BUCKETS.reduce(
    (sum, bucket) => sum + BigInt(usage[bucket]) * BigInt(pricesPicoUsd[bucket]),
    0n,
  )
  const most = picoUsdToAtomic({ amountPicoUsd: cost + BigInt(receipt.feePicoUsd), decimals })
  return [
    ...(charge > BigInt(receipt.ceiling) ? ['The charge is above the ceiling that was signed for.'] : []),
    ...(charge > most ? [`The charge is above usage times price, which is ${most}.`] : []),
  ]
}

type Fields = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isText = (value: unknown): value is string => typeof value === 'string'
const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

/** Its form, read strictly: whatever is wrong makes it no receipt. */
function readSigned(value: unknown): SignedCallReceipt | undefined {
  if (!isObject(value) || value['format'] !== 'eip712' || !isObject(value['payload'])) return undefined
  const { payload } = value
  const { usage, pricesPicoUsd } = payload
  const signature = parseHex(value['signature'])
  const isWhole =
    payload['version'] === 1 &&
    ['callId', 'resourceUrl', 'model', 'endpoint', 'scheme', 'priceBook', 'outcome'].every((name) =>
      isText(payload[name]),
    ) &&
    ['charge', 'ceiling', 'feePicoUsd'].every((name) => parseAtomic(payload[name]) !== undefined) &&
    isCount(payload['decimals']) &&
    isCount(payload['issuedAt']) &&
    parseAddress(payload['payer']) === payload['payer'] &&
    parseAddress(payload['asset']) === payload['asset'] &&
    parseBytes32(payload['requestHash']) === payload['requestHash'] &&
    isText(payload['network']) &&
    parseNetwork(payload['network']) !== undefined &&
    isObject(usage) &&
    isObject(pricesPicoUsd) &&
    RECEIPT_BUCKETS.every(
      (bucket) => isCount(usage[bucket]) && parseAtomic(pricesPicoUsd[bucket]) !== undefined,
    )
  if (!isWhole || !signature) return undefined
  return { format: 'eip712', payload: payload as unknown as CallReceipt, signature }
}
