import { toWireError, type WireError } from '../../lib/errors/to-wire.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { uuidV7 } from '../../lib/ids.ts'
import { LIMITS } from '../../lib/limits.ts'
import { formatUsd, type PicoUsd } from '../../lib/money.ts'
import { buildCorrective } from '../../payment/offers/corrective.ts'
import { buildOffers } from '../../payment/offers/offers.ts'
import {
  buildPaymentRequired,
  type PaymentRequired,
  type Resource,
  toV1Body,
  type V1Body,
} from '../../payment/payment-required.ts'
import { signQuote } from '../../payment/offers/quote.ts'
import type { Address, Asset, ChannelState, Hex, Network, Offer, Quote } from '../../payment/types.ts'
import type { CallDependencies } from '../dependencies.ts'
import { suspended } from './refuse-withheld.ts'

/** What is being priced: a planned call, or the default of a route that was probed. */
export type Priced = {
  readonly requestHash: string
  readonly ceilingPicoUsd: PicoUsd
  readonly estimatePicoUsd: PicoUsd
  readonly priceBook: string
  readonly outputCap: number
  /** Of a planned call: its endpoints' places in the price book, which the quote carries. */
  readonly places?: readonly number[]
  /** Where the ceiling is above what stock clients pay: the largest output cap whose ceiling is not. */
  readonly fittingOutputCap?: number
}

/** The signed price of one call. */
export type Quoted = { readonly quote: Quote; readonly token: string }

/** A 402: the v2 object for the header, the v1 object for the body, with our error in both. */
export type Demand = {
  readonly required: PaymentRequired
  readonly body: V1Body
  readonly error: TurnpikeError
}

/** The channel's view that mends a voucher which does not cover its call. */
export type Corrective = {
  readonly channelId: Hex
  readonly network: Network
  readonly token: Address
  readonly state: ChannelState
}

/** The name of a quote that may never be made: a channel's turn is told it before anyone knows whether a 402 will follow. */
export const newQuoteNonce = ({ clock }: Pick<CallDependencies, 'clock'>): string =>
  uuidV7({ nowMs: clock.nowMs(), random: clock.random(10) })

/**
 * A fresh quote for a call, signed; nothing of it is stored.
 *
 * @param nonce where it was promised before (newQuoteNonce).
 */
export function quoteCall({
  priced,
  dependencies,
  nonce = newQuoteNonce(dependencies),
}: {
  priced: Priced
  dependencies: CallDependencies
  nonce?: string
}): Quoted {
  const { clock, secret } = dependencies
  const nowMs = clock.nowMs()
  const quote: Quote = {
    nonce,
    requestHash: priced.requestHash,
    ceilingPicoUsd: priced.ceilingPicoUsd,
    priceBook: priced.priceBook,
    expiresAtMs: nowMs + LIMITS.quoteSeconds * 1_000,
    ...(priced.places && priced.places.length > 0 ? { plan: priced.places } : {}),
  }
  return { quote, token: signQuote({ quote, secret }) }
}

/**
 * Every offer for this call as things are, cheapest scheme first.
 *
 * @throws token_suspended where no token can be taken at the moment: nobody is asked to pay where no payment would be taken.
 */
export function offersFor({
  priced,
  quoted: { quote, token },
  dependencies,
}: {
  priced: Pick<Priced, 'estimatePicoUsd'>
  /** Without a token: prices that nobody can pay by. */
  quoted: { readonly quote: Pick<Quote, 'ceilingPicoUsd'>; readonly token?: string }
  dependencies: Pick<CallDependencies, 'terms' | 'withheldOf'>
}): readonly Offer[] {
  const { terms, withheldOf } = dependencies
  const { estimatePicoUsd } = priced
  const built = buildOffers({ terms, quote, token, estimatePicoUsd, withheldOf })
  if (built.length === 0 && terms.assets.some(isSuspended(dependencies))) throw suspended()
  return built
}

/**
 * Asks for payment: every offer for this call, with a signed quote, in both versions of x402.
 *
 * @param error why: `payment_required` for a call without a payment, or what was wrong with the one that came.
 * @throws token_suspended where no token can be taken at the moment.
 * @param corrective for a voucher that does not cover the call: the channel's own offer comes first and proves its state.
 * @param capField the caller's own name of the output cap; absent where there is none.
 * @param spareExtensions left out where the header has no room for them.
 */
export function demandPayment({
  priced,
  quoted,
  resource,
  capField,
  error = new TurnpikeError('payment_required'),
  corrective,
  extensions,
  spareExtensions,
  dependencies,
}: {
  priced: Priced
  quoted: Quoted
  resource: Resource
  capField?: string | undefined
  error?: TurnpikeError
  corrective?: Corrective
  /** x402 extensions of this 402. */
  extensions?: Readonly<Record<string, unknown>>
  spareExtensions?: PaymentRequired['extensions']
  dependencies: CallDependencies
}): Demand {
  const { quote } = quoted
  const built = offersFor({ priced, quoted, dependencies })
  const { offers, reason } = corrective
    ? correctedOffers({ built, corrective })
    : { offers: built, reason: error.code === 'payment_required' ? undefined : error.code }
  return {
    required: buildPaymentRequired({
      offers,
      resource,
      ...(reason === undefined ? {} : { error: reason }),
      ...(extensions ? { extensions } : {}),
      ...(spareExtensions === undefined ? {} : { spareExtensions }),
    }),
    body: toV1Body({ offers, resource, error: wireErrorOf({ error, priced, quote, capField }) }),
    error,
  }
}

const isSuspended =
  ({ terms, withheldOf }: Pick<CallDependencies, 'terms' | 'withheldOf'>) =>
  (asset: Asset): boolean =>
    terms.schemes.some((scheme) => withheldOf({ scheme, asset })?.kind === 'suspended')

function correctedOffers({ built, corrective }: { built: readonly Offer[]; corrective: Corrective }) {
  const { offers, error } = buildCorrective({ offers: built, channel: corrective, state: corrective.state })
  return { offers, reason: error }
}

/** The OpenAI-shaped error of a 402, with the price in it for people. */
function wireErrorOf({
  error,
  priced,
  quote,
  capField,
}: {
  error: TurnpikeError
  priced: Priced
  quote: Quote
  capField: string | undefined
}): WireError {
  return {
    ...toWireError(error),
    estimate_usd: formatUsd(priced.estimatePicoUsd),
    ceiling_usd: formatUsd(quote.ceilingPicoUsd),
    output_cap: priced.outputCap,
    quote_expires_at: new Date(quote.expiresAtMs).toISOString(),
    ...stockClientHint({ priced, capField }),
  }
}

/** Stock x402 clients refuse payments above $1: say so, and what would fit, in the caller's own words. */
export function stockClientHint({
  priced: { ceilingPicoUsd, fittingOutputCap = 0 },
  capField,
}: {
  priced: Pick<Priced, 'ceilingPicoUsd' | 'fittingOutputCap'>
  capField: string | undefined
}): { readonly hint?: string } {
  if (ceilingPicoUsd <= LIMITS.stockClientCeilingPicoUsd) return {}
  const isEnough = capField !== undefined && fittingOutputCap >= 1
  const advice = isEnough ? `${capField}: ${fittingOutputCap} would fit` : 'a shorter input would fit'
  return { hint: `Stock x402 clients refuse to pay more than $1 for a call; ${advice}.` }
}
