import { formatUsd } from '../../lib/money.ts'
import type { Terms } from '../../payment/types.ts'
import type { HttpDependencies } from '../dependencies.ts'
import type { Sale } from './sales.ts'

const OF_CALLS =
  'Ceilings of one answer, from a word to the cheapest model to the dearest model with its context filled. Ask POST /v1/quotes for that of a request.'
const OF_TOP_UPS = 'What is asked for by amount_usd.'

/**
 * `x-payment-info` of a paid operation, by the convention of x402scan: the price depends on the request, between these bounds. Schemes,
 * networks and tokens are ours to add.
 */
export function paymentInfo({ sale, call }: { sale: Sale; call: HttpDependencies['call'] }) {
  const terms = sale.termsOf(call)
  const { minPicoUsd, maxPicoUsd } = sale.rangeOf(call)
  return {
    price: {
      mode: 'dynamic',
      currency: 'USD',
      min: formatUsd(minPicoUsd),
      max: formatUsd(maxPicoUsd),
      description: sale.isCall ? OF_CALLS : OF_TOP_UPS,
    },
    protocols: [{ x402: {} }],
    schemes: terms.schemes,
    networks: networksOf(terms),
    tokens: tokensOf(terms),
  }
}

export const networksOf = ({ assets }: Terms) => [...new Set(assets.map(({ network }) => network))]

/** The tokens of the terms, as documents name them. */
export const tokensOf = ({ assets }: Terms) =>
  assets.map(({ network, address, symbol, decimals }) => ({ network, address, symbol, decimals }))
