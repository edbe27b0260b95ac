import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { picoUsdToAtomic } from '../../lib/money.ts'
import { readQuote } from '../../payment/offers/quote.ts'
import type { SignedIn } from '../../payment/sign-in/sign-in.ts'
import type { CreditPayment, Quote } from '../../payment/types.ts'
import type { CallDependencies } from '../dependencies.ts'

/**
 * The payment of a payer that has signed in for exactly this call: its credit in the first token, in the order of the terms, that
 * can carry the ceiling. No fee is on it, since nothing is moved on chain.
 *
 * @throws quote_missing, quote_forged, quote_expired, quote_mismatch as for any payment; insufficient_funds where no token suffices.
 */
export async function creditPayment({
  signedIn,
  requestHash,
  dependencies,
}: {
  signedIn: SignedIn
  requestHash: string
  dependencies: Pick<CallDependencies, 'terms' | 'secret' | 'clock' | 'getCredit'>
}): Promise<CreditPayment> {
  const { terms, getCredit } = dependencies
  const { payer, network } = signedIn
  const quote = quoteOf({ signedIn, requestHash, dependencies })
  let most = 0n
  for (const asset of terms.assets.filter((one) => one.network === network)) {
    const ceilingAtomic = picoUsdToAtomic({
      amountPicoUsd: quote.ceilingPicoUsd,
      decimals: asset.decimals,
    })
    const available = await getCredit({ asset, payer })
    if (available >= ceilingAtomic) {
      const money = { network, asset, payer, ceilingAtomic, feePicoUsd: 0n } as const
      return { kind: 'credit', scheme: 'credit', x402Version: 2, ...money, quote }
    }
    most = available > most ? available : most
  }
  throw new TurnpikeError('insufficient_funds', {
    message: 'The credit of this payer does not cover this call.',
    next: 'Sign one of the fresh offers, or top the credit up with POST /v1/credit.',
    extra: { available: most.toString() },
  })
}

function quoteOf({
  signedIn: { requestId },
  requestHash,
  dependencies: { secret, clock },
}: {
  signedIn: SignedIn
  requestHash: string
  dependencies: Pick<CallDependencies, 'secret' | 'clock'>
}): Quote {
  if (requestId === undefined) throw new TurnpikeError('quote_missing')
  const quote = readQuote({ token: requestId, secret })
  if (!quote) throw new TurnpikeError('quote_forged')
  if (clock.nowMs() >= quote.expiresAtMs) throw new TurnpikeError('quote_expired')
  if (quote.requestHash !== requestHash) throw new TurnpikeError('quote_mismatch')
  return quote
}
