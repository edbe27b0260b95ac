import { readQuote } from '../../payment/offers/quote.ts'
import type { CallDependencies } from '../dependencies.ts'
import type { SignedPlan } from './route-by-size.ts'

/**
 * What was quoted for just this request, at prices that still hold. Whether the quote buys the call is not judged here: a plan may
 * follow it, and payment/check/check says what is wrong with it.
 *
 * @param token of the payment or of the proof of a payer; undefined where neither has one.
 */
export function signedPlanOf({
  token,
  requestHash,
  dependencies: { secret, catalog, clock },
}: {
  token: string | undefined
  requestHash: string
  dependencies: Pick<CallDependencies, 'secret' | 'catalog' | 'clock'>
}): SignedPlan | undefined {
  const quote = token === undefined ? undefined : readQuote({ token, secret })
  if (!quote?.plan || quote.requestHash !== requestHash) return undefined
  if (quote.priceBook !== catalog.priceBook || quote.expiresAtMs <= clock.nowMs()) return undefined
  return { ceilingPicoUsd: quote.ceilingPicoUsd, places: quote.plan }
}
