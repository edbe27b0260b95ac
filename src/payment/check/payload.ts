import { isUtf8 } from 'node:buffer'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import { networkOfV1Name, parseNetwork } from '../tokens/networks.ts'
import {
  atomicAt,
  addressAt,
  malformed,
  objectAt,
  textAt,
  wholeNumberAt,
  type Fields,
} from './payload-fields.ts'
import { decodeChannelPayload, decodeEip3009, decodePermit2, type ChannelPayload } from './payload-schemes.ts'
import type { Eip3009Payload, Permit2Payload } from './payload-schemes.ts'
import { APPROVAL_SPONSORING, decodeApprovalClaim } from './sponsored-approval.ts'
import { decodePermitClaim, PERMIT_SPONSORING } from './sponsored-permit.ts'
import type { SponsoringClaims } from './sponsoring.ts'
import { type AcceptedOffer, SCHEMES, type Network, type Scheme } from '../types.ts'

/** A payment whose shape is right. Amounts, recipients, times and signatures are still unchecked. */
export type DecodedPayment =
  | { readonly x402Version: 1; readonly network: Network; readonly payload: Eip3009Payload }
  | {
      readonly x402Version: 2
      readonly accepted: AcceptedOffer
      /** The echoed quote: from the offer's `extra`, else from `extensions`. */
      readonly quoteToken?: string
      /** x402's payment-identifier: the client's own name for the request. */
      readonly identifier?: string
      /** What stands beside the payment for a server that pays the gas of its allowance. */
      readonly sponsoring?: SponsoringClaims
      readonly payload: V2Payload
    }

/** A header as Node gives it: absent, one text, or several. */
export type HeaderValue = string | readonly string[] | undefined

/** The extension that carries the quote where the offers are many. */
export const QUOTE_EXTENSION = 'turnpike'
/** x402's extension by which a client names its request. */
export const IDENTIFIER_EXTENSION = 'payment-identifier'

const JSON_DEPTH = 16
const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

function textsOf({ header, version }: { header: HeaderValue; version: 1 | 2 }) {
  if (header === undefined) return []
  const texts = typeof header === 'string' ? [header] : header
  return texts.map((text) => ({ text, version }))
}

/** The index of the quote that closes the string opened at `start`; the text's end where none does. */
function closingQuote(json: string, start: number): number {
  let quote = json.indexOf('"', start + 1)
  while (quote !== -1) {
    let before = quote - 1
    while (json.charCodeAt(before) === BACKSLASH) before -= 1
    if ((quote - before) % 2 === 1) return quote
    quote = json.indexOf('"', quote + 1)
  }
  return json.length
}

/** Whether JSON nests deeper than the limit; brackets inside strings, which are most of a payment, are skipped over. */
function isTooDeep(json: string): boolean {
  let depth = 0
  for (let index = 0; index < json.length; index += 1) {
    const character = json.charCodeAt(index)
    if (character === QUOTE) index = closingQuote(json, index)
    else if (character === OPEN_BRACE || character === OPEN_BRACKET) {
      depth += 1
      if (depth > JSON_DEPTH) return true
    } else if (character === CLOSE_BRACE || character === CLOSE_BRACKET) depth -= 1
  }
  return false
}

/** Base64 to JSON. Only the canonical base64 text of the bytes is taken: Node's decoder alone would skip over junk. */
function decodeHeader(text: string): Fields {
  if (text.length > Math.ceil(LIMITS.paymentHeaderBytes / 3) * 4) {
    throw new TurnpikeError('payment_header_too_large')
  }
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length > LIMITS.paymentHeaderBytes) throw new TurnpikeError('payment_header_too_large')
  if (bytes.toString('base64') !== text || !isUtf8(bytes)) throw new TurnpikeError('payment_undecodable')
  const json = bytes.toString('utf8')
  if (isTooDeep(json))
    throw new TurnpikeError('payment_undecodable', { message: 'The payment nests too deep.' })
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (cause) {
    throw new TurnpikeError('payment_undecodable', { cause })
  }
  const { value: payment } = objectAt({ of: { value: { payment: value }, path: '' }, name: 'payment' })
  return { value: payment, path: '' }
}

const unsupported = (param: string) => new TurnpikeError('payment_unsupported', { param })

function demandVersion({ payment, version }: { payment: Fields; version: 1 | 2 }): void {
  if (payment.value['x402Version'] !== version) {
    throw new TurnpikeError('payment_unsupported', {
      param: 'x402Version',
      message: `This header carries x402 version ${version}.`,
    })
  }
}

function schemeAt(of: Fields): Scheme {
  const name = textAt({ of, name: 'scheme' })
  const scheme = SCHEMES.find((known) => known === name)
  if (!scheme) throw unsupported('accepted.scheme')
  return scheme
}

function decodeAccepted(payment: Fields): AcceptedOffer {
  const accepted = objectAt({ of: payment, name: 'accepted' })
  const scheme = schemeAt(accepted)
  const network = parseNetwork(textAt({ of: accepted, name: 'network' }))
  if (!network) throw unsupported('accepted.network')
  return {
    scheme,
    network,
    amountAtomic: atomicAt({ of: accepted, name: 'amount' }),
    asset: addressAt({ of: accepted, name: 'asset' }),
    payTo: addressAt({ of: accepted, name: 'payTo' }),
    maxTimeoutSeconds: wholeNumberAt({ of: accepted, name: 'maxTimeoutSeconds' }),
    extra: objectAt({ of: accepted, name: 'extra' }).value,
  }
}

/** One member of `extensions.<extension>.info`; other extensions are nobody's business here. */
const extensionMember = (payment: Fields, extension: string, member: string): unknown =>
  memberAt(payment.value['extensions'], [extension, 'info', member])

const extensionInfo = (payment: Fields, extension: string): unknown =>
  memberAt(payment.value['extensions'], [extension, 'info'])

function memberAt(of: unknown, path: readonly string[]): unknown {
  let value = of
  for (const name of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined
  }
  return value
}

function decodeQuote({ payment, accepted }: { payment: Fields; accepted: AcceptedOffer }) {
  const token = accepted.extra['quote'] ?? extensionMember(payment, QUOTE_EXTENSION, 'quote')
  if (token === undefined) return {}
  if (typeof token !== 'string') {
    throw malformed({ of: { value: {}, path: 'accepted.extra' }, name: 'quote', need: 'a string' })
  }
  return { quoteToken: token }
}

const IDENTIFIER = /^[A-Za-z0-9_-]{16,128}$/

/** The form is that of x402's specification. */
function decodeIdentifier(payment: Fields): { identifier?: string } {
  const id = extensionMember(payment, IDENTIFIER_EXTENSION, 'id')
  if (id === undefined) return {}
  if (typeof id === 'string' && IDENTIFIER.test(id)) return { identifier: id }
  const of = { value: {}, path: `extensions.${IDENTIFIER_EXTENSION}.info` }
  throw malformed({ of, name: 'id', need: '16 to 128 letters, digits, hyphens or underscores' })
}

/** Only of what goes through Permit2: what is not looked at need not have a form. */
function decodeSponsoring({ payment, payload }: { payment: Fields; payload: V2Payload }) {
  const isThroughPermit2 =
    payload.type === 'permit2' || (payload.type === 'deposit' && payload.deposit.method === 'permit2')
  if (!isThroughPermit2) return {}
  const permit = decodePermitClaim(extensionInfo(payment, PERMIT_SPONSORING))
  const approval = decodeApprovalClaim(extensionInfo(payment, APPROVAL_SPONSORING))
  if (!permit && !approval) return {}
  return { sponsoring: { ...(permit ? { permit } : {}), ...(approval ? { approval } : {}) } }
}

function decodeV2(payment: Fields): DecodedPayment {
  demandVersion({ payment, version: 2 })
  const accepted = decodeAccepted(payment)
  const payload = decodeV2Payload({ of: objectAt({ of: payment, name: 'payload' }), accepted })
  return {
    x402Version: 2,
    accepted,
    ...decodeQuote({ payment, accepted }),
    ...decodeIdentifier(payment),
    ...decodeSponsoring({ payment, payload }),
    payload,
  }
}

type V2Payload = ChannelPayload | Eip3009Payload | Permit2Payload

function decodeV2Payload({ of, accepted }: { of: Fields; accepted: AcceptedOffer }): V2Payload {
  const { scheme } = accepted
  if (scheme === 'batch-settlement') return decodeChannelPayload(of)
  const isPermit2 = scheme === 'upto' || of.value['permit2Authorization'] !== undefined
  return isPermit2 ? decodePermit2({ payload: of, scheme }) : decodeEip3009(of)
}

function decodeV1(payment: Fields): DecodedPayment {
  demandVersion({ payment, version: 1 })
  if (textAt({ of: payment, name: 'scheme' }) !== 'exact') throw unsupported('scheme')
  const network = networkOfV1Name(textAt({ of: payment, name: 'network' }))
  if (!network) throw unsupported('network')
  return { x402Version: 1, network, payload: decodeEip3009(objectAt({ of: payment, name: 'payload' })) }
}

/**
 * Reads the payment of a request from its headers: `PAYMENT-SIGNATURE` (x402 v2) or `X-PAYMENT` (v1).
 *
 * @returns undefined where the request carries neither.
 * @throws TurnpikeError, and nothing else: payment_header_duplicate, payment_header_too_large, payment_undecodable,
 *   payment_malformed and payment_unsupported, the last two with `param`.
 */
export function decodePayment({
  paymentSignature,
  xPayment,
}: {
  paymentSignature?: HeaderValue
  xPayment?: HeaderValue
}): DecodedPayment | undefined {
  const headers = [
    ...textsOf({ header: paymentSignature, version: 2 }),
    ...textsOf({ header: xPayment, version: 1 }),
  ]
  const [header] = headers
  if (!header) return undefined
  // Node joins a repeated header with a comma, which no base64 contains.
  if (headers.length > 1 || header.text.includes(',')) throw new TurnpikeError('payment_header_duplicate')
  const payment = decodeHeader(header.text)
  return header.version === 2 ? decodeV2(payment) : decodeV1(payment)
}
