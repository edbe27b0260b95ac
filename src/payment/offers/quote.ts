import { createHmac, timingSafeEqual } from 'node:crypto'
import { isUuid } from '../../lib/ids.ts'
import type { Quote } from '../types.ts'

/** A key of at least 32 random bytes, shared by all instances of one service. */
export type QuoteSecret = string | Uint8Array

/** The uses of the secret are kept apart by what the signed text begins with. */
const QUOTE_LABEL = 'turnpike quote 1\n'
const REQUEST_LABEL = 'turnpike request 1\n'
const IDEMPOTENCY_LABEL = 'turnpike idempotency 1\n'

const NONCE_BYTES = 16
const HASH_BYTES = 32
const CEILING_BYTES = 16
const MAX_CEILING = (1n << 128n) - 1n
const EXPIRY_BYTES = 6
const FIXED_BYTES = NONCE_BYTES + HASH_BYTES + CEILING_BYTES + EXPIRY_BYTES
const MAC_BYTES = 32
const PRICE_BOOK_BYTES = 64
/** Two bytes for a place, after a zero byte that no price book's name has. */
const MAX_PLACE = 0xffff
const MAX_PLACES = 16
const PLAN_BYTES = 1 + 2 * MAX_PLACES

const macOf = (secret: QuoteSecret, body: Uint8Array) =>
  createHmac('sha256', secret).update(QUOTE_LABEL).update(body).digest()

/** A UUID's 16 bytes. */
export const nonceBytes = (nonce: string): Buffer => Buffer.from(nonce.replaceAll('-', ''), 'hex')

function uuidOf(bytes: Buffer): string {
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/**
 * Signs a quote for its journey through the client.
 *
 * The token is base64url of nonce (16 bytes), request hash (32), ceiling (16, big-endian), expiry in milliseconds (6),
 * price book (at most 64 bytes of UTF-8), where there is a plan a zero byte and its places (2 each, at most 16), and an HMAC-SHA256
 * over all of it (32).
 *
 * @throws RangeError where a field does not fit; that is a fault of the caller, never of a client.
 */
export function signQuote({ quote, secret }: { quote: Quote; secret: QuoteSecret }): string {
  const hash = Buffer.from(quote.requestHash, 'base64url')
  const priceBook = Buffer.from(quote.priceBook, 'utf8')
  if (!isUuid(quote.nonce)) throw new RangeError('A quote needs a UUID as its nonce.')
  if (hash.length !== HASH_BYTES) throw new RangeError('A request hash has 32 bytes.')
  if (priceBook.length > PRICE_BOOK_BYTES) throw new RangeError('The price book name exceeds 64 bytes.')
  if (priceBook.includes(0)) throw new RangeError('The price book name has a zero byte.')
  if (quote.ceilingPicoUsd < 0n || quote.ceilingPicoUsd > MAX_CEILING) {
    throw new RangeError('A ceiling is an unsigned integer of 128 bits.')
  }
  const ceiling = Buffer.from(quote.ceilingPicoUsd.toString(16).padStart(CEILING_BYTES * 2, '0'), 'hex')
  const expiry = Buffer.alloc(EXPIRY_BYTES)
  expiry.writeUIntBE(quote.expiresAtMs, 0, EXPIRY_BYTES)
  const plan = planBytes(quote.plan ?? [])
  const body = Buffer.concat([nonceBytes(quote.nonce), hash, ceiling, expiry, priceBook, plan])
  return Buffer.concat([body, macOf(secret, body)]).toString('base64url')
}

function planBytes(places: readonly number[]): Buffer {
  if (places.length === 0) return Buffer.alloc(0)
  if (places.length > MAX_PLACES) throw new RangeError(`A plan has at most ${MAX_PLACES} places.`)
  const bytes = Buffer.alloc(1 + 2 * places.length)
  for (const [index, place] of places.entries()) {
    if (!Number.isInteger(place) || place < 0 || place > MAX_PLACE)
      throw new RangeError('A place of a plan has 16 bits.')
    bytes.writeUInt16BE(place, 1 + 2 * index)
  }
  return bytes
}

function readPlan(bytes: Buffer): Pick<Quote, 'plan'> {
  if (bytes.length === 0) return {}
  return { plan: Array.from({ length: bytes.length >> 1 }, (_, index) => bytes.readUInt16BE(2 * index)) }
}

/**
 * Reads a quote that this server signed; whether it has expired is the caller's question.
 *
 * @returns undefined where the token is not one of ours, in every letter.
 */
export function readQuote({ token, secret }: { token: string; secret: QuoteSecret }): Quote | undefined {
  const bytes = Buffer.from(token, 'base64url')
  const bodyLength = bytes.length - MAC_BYTES
  if (bodyLength < FIXED_BYTES || bodyLength > FIXED_BYTES + PRICE_BOOK_BYTES + PLAN_BYTES) return undefined
  if (bytes.toString('base64url') !== token) return undefined
  const body = bytes.subarray(0, bodyLength)
  if (!timingSafeEqual(macOf(secret, body), bytes.subarray(bodyLength))) return undefined
  const ceilingAt = NONCE_BYTES + HASH_BYTES
  const bookEnd = body.indexOf(0, FIXED_BYTES)
  const end = bookEnd < 0 ? body.length : bookEnd
  return {
    nonce: uuidOf(body.subarray(0, NONCE_BYTES)),
    requestHash: body.subarray(NONCE_BYTES, ceilingAt).toString('base64url'),
    ceilingPicoUsd: BigInt(`0x${body.toString('hex', ceilingAt, ceilingAt + CEILING_BYTES)}`),
    expiresAtMs: body.readUIntBE(ceilingAt + CEILING_BYTES, EXPIRY_BYTES),
    priceBook: body.toString('utf8', FIXED_BYTES, end),
    ...readPlan(body.subarray(end + 1)),
  }
}

/**
 * Names a request without revealing it: HMAC-SHA256 over method, path and raw body, as base64url of 32 bytes.
 *
 * A bare hash of a prompt could be searched for by who holds the database; this one needs the server's key.
 *
 * @param path as it was requested, with its query.
 */
export function hashRequest({
  method,
  path,
  body,
  secret,
}: {
  method: string
  path: string
  body: Uint8Array
  secret: QuoteSecret
}): string {
  return createHmac('sha256', secret)
    .update(REQUEST_LABEL)
    .update(`${method.toUpperCase()}\n${path}\n`)
    .update(body)
    .digest('base64url')
}

/** A payer's own name for a request, as base64url of 32 bytes: another payer's same name is another key. */
export const hashIdempotencyId = ({
  id,
  payer,
  secret,
}: {
  id: string
  payer: string
  secret: QuoteSecret
}): string =>
  createHmac('sha256', secret).update(IDEMPOTENCY_LABEL).update(`${payer}\n${id}`).digest('base64url')
