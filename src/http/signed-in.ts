import type { Request } from 'express'
import { newQuoteNonce, quoteCall } from '../call/plan/demand.ts'
import { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import { LIMITS } from '../lib/limits.ts'
import { buildOffers } from '../payment/offers/offers.ts'
import { buildPaymentRequired, encodePaymentRequired } from '../payment/payment-required.ts'
import { checkSignIn, SIGN_IN, type SignedIn, signInChallenge } from '../payment/sign-in/sign-in.ts'
import { topUpTerms } from '../payment/offers/top-up-terms.ts'
import type { HttpDependencies } from './dependencies.ts'

type Asked = { readonly request: Request; readonly dependencies: HttpDependencies }

/** The wallet that this request proves, or undefined where it carries no proof. @throws sign_in_invalid */
export function signedIn({ request, dependencies }: Asked): SignedIn | undefined {
  const header = request.headers[SIGN_IN]
  if (typeof header !== 'string') return undefined
  const { secret, signatures, clock } = dependencies.call
  const origin = requireOwnOrigin({ request, dependencies })
  return checkSignIn({ header, origin, nowMs: clock.nowMs(), secret, signatures })
}

function requireOwnOrigin({ request, dependencies }: Asked): string {
  const origin = dependencies.ownOrigin(request)
  if (origin === undefined) throw new TurnpikeError('sign_in_unavailable')
  return origin
}

/** A caller that means to pay from its credit says so, and gets a challenge for just that call beside the offers. */
export const wantsCredit = (request: Request): boolean =>
  request.headers['x-turnpike-credit'] !== undefined || request.headers[SIGN_IN] !== undefined

/** A challenge for this address. @param requestId what the proof is bound to. */
export function challengeFor({ request, dependencies, requestId }: Asked & { requestId?: string }) {
  const { secret, clock, terms } = dependencies.call
  return signInChallenge({
    uri: `${requireOwnOrigin({ request, dependencies })}${request.path}`,
    networks: [...new Set(terms.assets.map(({ network }) => network))],
    nowMs: clock.nowMs(),
    random: clock.random(8),
    secret,
    ...(requestId === undefined ? {} : { requestId }),
  })
}

/**
 * The wallet of the payer that asks about itself.
 *
 * @param requestId where the proof has to be for just this request.
 * @throws sign_in_required with a challenge, sign_in_invalid.
 */
export function requireSignIn({ requestId, ...asked }: Asked & { requestId?: string }): SignedIn {
  const proved = signedIn(asked)
  if (!proved) throw signInRequired({ ...asked, ...(requestId === undefined ? {} : { requestId }) })
  if (requestId !== undefined && proved.requestId !== requestId)
    throw new TurnpikeError('sign_in_invalid', { message: 'The proof was made for another request.' })
  return proved
}

/**
 * 402 with the challenge: published clients look for it there and nowhere else, and only beside an offer. The offers are those of
 * a top-up; a payment that comes to this address is refused unused.
 */
function signInRequired({ requestId, ...asked }: Asked & { requestId?: string }): TurnpikeError {
  const { request, dependencies } = asked
  const { call } = dependencies
  const terms = topUpTerms(call.terms)
  const priced = {
    requestHash: Buffer.alloc(32).toString('base64url'),
    ceilingPicoUsd: LIMITS.minTopUpPicoUsd,
    estimatePicoUsd: LIMITS.minTopUpPicoUsd,
    priceBook: call.catalog.priceBook,
    outputCap: 0,
  }
  const { quote, token } = quoteCall({ priced, dependencies: call, nonce: newQuoteNonce(call) })
  const offers = buildOffers({ terms, quote, token, estimatePicoUsd: priced.estimatePicoUsd })
  const required = buildPaymentRequired({
    offers,
    resource: {
      url: `${dependencies.publicUrl(request)}${request.path}`,
      description:
        'Sign in with your wallet. Nothing is to be paid here; credit is topped up at POST /v1/credit.',
      mimeType: 'application/json',
    },
    error: 'sign_in_required',
    extensions: { [SIGN_IN]: challengeFor({ ...asked, ...(requestId === undefined ? {} : { requestId }) }) },
  })
  return new TurnpikeError('sign_in_required', {
    headers: { 'payment-required': encodePaymentRequired(required) },
  })
}
