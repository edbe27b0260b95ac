import type { WireError } from '../lib/errors/to-wire.ts'
import { fitOffers } from './offers/fit-offers.ts'
import { v1NameOf } from './tokens/networks.ts'
import { QUOTE_EXTENSION } from './check/payload.ts'
import type { Offer } from './types.ts'

/** What is for sale: the address that was asked for. */
export type Resource = {
  readonly url: string
  readonly description: string
  readonly mimeType: string
  /** How a registry may list it. */
  readonly serviceName?: string
  readonly tags?: readonly string[]
}

/** x402 v2's PaymentRequired. */
export type PaymentRequired = {
  readonly x402Version: 2
  readonly error?: string
  readonly resource: Resource
  readonly accepts: readonly Offer[]
  readonly extensions?: Readonly<Record<string, unknown>>
}

/** Base64 of this many bytes is 6 KB; proxies begin to refuse header lines at 8 KB. */
const JSON_BYTES_WITH_REPEATED_QUOTE = 4_608
/** Base64 of this many bytes is 8,000: with its name a header line of less than 8 KB. */
const JSON_BYTES_AT_MOST = 6_000

const jsonBytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value))

/** Takes the quote out of the offers and puts it once into the extensions, which v2 clients echo as well. */
function moveQuote(required: PaymentRequired): PaymentRequired {
  const quote = required.accepts[0]?.extra['quote']
  const accepts = required.accepts.map((offer) => {
    const { quote: _moved, ...extra } = offer.extra
    return { ...offer, extra }
  })
  const extensions = { ...required.extensions, [QUOTE_EXTENSION]: { info: { quote } } }
  return { ...required, accepts, extensions }
}

/**
 * Builds the object of the `PAYMENT-REQUIRED` header (x402 v2).
 *
 * The quote stays in each offer while the header is under 6 KB, since every client echoes the offer that it accepts;
 * beyond that it stands once in `extensions.turnpike.info.quote`. Where even that is more than 8 KB, offers are left out (fitOffers).
 *
 * @param spareExtensions what registries read: left out where the header would be larger than that with them.
 * @param error x402's `error`: a short reason, or the one string that makes stock clients resynchronise a channel.
 */
export function buildPaymentRequired({
  offers,
  resource,
  error,
  extensions,
  spareExtensions,
}: {
  offers: readonly Offer[]
  resource: Resource
  error?: string
  extensions?: Readonly<Record<string, unknown>>
  spareExtensions?: Readonly<Record<string, unknown>>
}): PaymentRequired {
  const required: PaymentRequired = {
    x402Version: 2,
    ...(error === undefined ? {} : { error }),
    resource,
    accepts: offers,
    ...(extensions === undefined ? {} : { extensions }),
  }
  if (spareExtensions === undefined) return fitted(required)
  const whole = fitted({ ...required, extensions: { ...extensions, ...spareExtensions } })
  return jsonBytes(whole) > JSON_BYTES_WITH_REPEATED_QUOTE ? fitted(required) : whole
}

function fitted(required: PaymentRequired): PaymentRequired {
  if (jsonBytes(required) <= JSON_BYTES_WITH_REPEATED_QUOTE) return required
  const moved = moveQuote(required)
  const surplusBytes = jsonBytes(moved) - JSON_BYTES_AT_MOST
  if (surplusBytes <= 0) return moved
  return { ...moved, accepts: fitOffers({ offers: moved.accepts, surplusBytes }) }
}

/** The value of the `PAYMENT-REQUIRED` header. */
export const encodePaymentRequired = (required: PaymentRequired): string =>
  Buffer.from(JSON.stringify(required)).toString('base64')

/** One entry of `accepts` in x402 v1. */
export type V1Offer = {
  readonly scheme: 'exact'
  readonly network: string
  readonly maxAmountRequired: string
  readonly resource: string
  readonly description: string
  readonly mimeType: string
  readonly payTo: string
  readonly maxTimeoutSeconds: number
  readonly asset: string
  readonly extra: { readonly name: unknown; readonly version: unknown }
}

export type V1Body = {
  readonly x402Version: 1
  readonly accepts: readonly V1Offer[]
  readonly error: WireError
}

/**
 * Builds the body of a 402: x402 v1, with an OpenAI-shaped `error` beside it.
 *
 * v1 knows only `exact` over EIP-3009, and its payments do not name their token: of each network the first such offer
 * is shown, and payment/check/check assumes the same one.
 */
export function toV1Body({
  offers,
  resource,
  error,
}: {
  offers: readonly Offer[]
  resource: Resource
  error: WireError
}): V1Body {
  const shown = new Set<string>()
  const accepts = offers.flatMap((offer): V1Offer[] => {
    const network = v1NameOf(offer.network)
    if (offer.scheme !== 'exact' || offer.extra['assetTransferMethod'] !== undefined) return []
    if (network === undefined || shown.has(network)) return []
    shown.add(network)
    return [
      {
        scheme: 'exact',
        network,
        maxAmountRequired: offer.amount,
        resource: resource.url,
        description: resource.description,
        mimeType: resource.mimeType,
        payTo: offer.payTo,
        maxTimeoutSeconds: offer.maxTimeoutSeconds,
        asset: offer.asset,
        extra: { name: offer.extra['name'], version: offer.extra['version'] },
      },
    ]
  })
  return { x402Version: 1, accepts, error }
}
