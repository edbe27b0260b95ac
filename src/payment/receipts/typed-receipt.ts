import { keccakOfDigits, keccakOfText } from '../hex.ts'
import {
  addressWord,
  bytes32Word,
  digestBytes,
  hashWords,
  typeHash,
  uintWord,
  type Word,
} from '../signing/eip712.ts'
import { chainIdOf } from '../tokens/networks.ts'
import type { Address, Hex, Network } from '../types.ts'

/** What a signed receipt of a call says. Amounts are decimal strings of atomic units, so that it travels as JSON. */
export type CallReceipt = {
  readonly version: 1
  readonly callId: string
  /** The address that was paid for. */
  readonly resourceUrl: string
  /** SHA-256 of the request's body as it was sent, which the payer can repeat and the server forgets. */
  readonly requestHash: Hex
  readonly model: string
  readonly endpoint: string
  readonly payer: Address
  readonly network: Network
  readonly scheme: string
  readonly asset: Address
  readonly decimals: number
  readonly charge: string
  /** What the payer had signed for. */
  readonly ceiling: string
  /** The settlement fee inside the charge, in pico-USD. */
  readonly feePicoUsd: string
  readonly usage: ReceiptUsage
  /** What a token of each kind costs the caller, in pico-USD: the published prices of that endpoint, for an input of that length. */
  readonly pricesPicoUsd: ReceiptPrices
  readonly priceBook: string
  readonly outcome: string
  /** Seconds since 1970. */
  readonly issuedAt: number
}

/** Tokens in disjoint buckets. */
export type ReceiptUsage = Readonly<Record<(typeof RECEIPT_BUCKETS)[number], number>>
export type ReceiptPrices = Readonly<Record<(typeof RECEIPT_BUCKETS)[number], string>>

/** In this order they are hashed. */
export const RECEIPT_BUCKETS = [
  'inputUncached',
  'cacheRead',
  'cacheWrite',
  'cacheWriteHour',
  'outputText',
  'reasoning',
  'images',
  'audio',
] as const

const FIELDS = `uint256 version,string callId,string resourceUrl,bytes32 requestHash,string model,string endpoint,address payer,string scheme,address asset,uint256 decimals,uint256 charge,uint256 ceiling,uint256 feePicoUsd,uint256[8] usage,uint256[8] pricesPicoUsd,string priceBook,string outcome,uint256 issuedAt`
const CALL_RECEIPT = typeHash(`CallReceipt(${FIELDS})`)

/** x402's own receipt and offer (extension offer-receipt), whose domain has no contract and always the chain 1. */
const X402_RECEIPT = typeHash(
  'Receipt(uint256 version,string network,string resourceUrl,string payer,uint256 issuedAt,string transaction)',
)
const X402_OFFER = typeHash(
  'Offer(uint256 version,string resourceUrl,string scheme,string network,string asset,string payTo,string amount,uint256 validUntil)',
)
const DOMAIN = typeHash('EIP712Domain(string name,string version,uint256 chainId)')

/** The digest under a domain that has no contract. */
function digestIn({ name, chainId, struct }: { name: string; chainId: number; struct: Word }): Uint8Array {
  const domain = hashWords([DOMAIN, keccakOfText(name), keccakOfText('1'), uintWord(chainId)])
  return digestBytes(keccakOfDigits(`1901${domain}${struct}`))
}

const textWord = (text: string): Word => keccakOfText(text)

/** What is signed of a call's receipt: EIP-712 in the domain `Turnpike receipt`, version 1, of the payment's chain. */
export function callReceiptDigest(receipt: CallReceipt): Uint8Array {
  const struct = hashWords([
    CALL_RECEIPT,
    uintWord(receipt.version),
    textWord(receipt.callId),
    textWord(receipt.resourceUrl),
    bytes32Word(receipt.requestHash),
    textWord(receipt.model),
    textWord(receipt.endpoint),
    addressWord(receipt.payer),
    textWord(receipt.scheme),
    addressWord(receipt.asset),
    uintWord(receipt.decimals),
    uintWord(BigInt(receipt.charge)),
    uintWord(BigInt(receipt.ceiling)),
    uintWord(BigInt(receipt.feePicoUsd)),
    hashWords(RECEIPT_BUCKETS.map((bucket) => uintWord(receipt.usage[bucket]))),
    hashWords(RECEIPT_BUCKETS.map((bucket) => uintWord(BigInt(receipt.pricesPicoUsd[bucket])))),
    textWord(receipt.priceBook),
    textWord(receipt.outcome),
    uintWord(receipt.issuedAt),
  ])
  return digestIn({ name: 'Turnpike receipt', chainId: chainIdOf(receipt.network), struct })
}

/** x402's ReceiptPayload. */
export type X402Receipt = {
  readonly version: 1
  readonly network: string
  readonly resourceUrl: string
  readonly payer: string
  readonly issuedAt: number
  readonly transaction: string
}

/** Its digest, as `@x402/extensions` computes it. */
export function x402ReceiptDigest(receipt: X402Receipt): Uint8Array {
  const struct = hashWords([
    X402_RECEIPT,
    uintWord(receipt.version),
    textWord(receipt.network),
    textWord(receipt.resourceUrl),
    textWord(receipt.payer),
    uintWord(receipt.issuedAt),
    textWord(receipt.transaction),
  ])
  return digestIn({ name: 'x402 receipt', chainId: 1, struct })
}

/** x402's OfferPayload. */
export type X402Offer = {
  readonly version: 1
  readonly resourceUrl: string
  readonly scheme: string
  readonly network: string
  readonly asset: string
  readonly payTo: string
  readonly amount: string
  /** Seconds since 1970. */
  readonly validUntil: number
}

/** Its digest, as `@x402/extensions` computes it. */
export function x402OfferDigest(offer: X402Offer): Uint8Array {
  const struct = hashWords([
    X402_OFFER,
    uintWord(offer.version),
    textWord(offer.resourceUrl),
    textWord(offer.scheme),
    textWord(offer.network),
    textWord(offer.asset),
    textWord(offer.payTo),
    textWord(offer.amount),
    uintWord(offer.validUntil),
  ])
  return digestIn({ name: 'x402 offer', chainId: 1, struct })
}
