import { priceRange } from '../../call/price-range.ts'
import { formatUsd } from '../../lib/money.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { dialectAt } from '../dialects.ts'

/**
 * `x-payment-info` of a paid operation, by the convention of x402scan: the price depends on the request, between these bounds. Schemes,
 * networks and tokens are ours to add.
 */
export function paymentInfo({ path, call }: { path: string; call: HttpDependencies['call'] }) {
  const { terms } = call
  const { kind = 'chat' } = dialectAt(path)
  const { minPicoUsd, maxPicoUsd } = priceRange({ kind, dependencies: call })
  return {
    price: {
      mode: 'dynamic',
      currency: 'USD',
      min: formatUsd(minPicoUsd),
      max: formatUsd(maxPicoUsd),
      description:
        'Ceilings of one answer, from a word to the cheapest model to the dearest model with its context filled. Ask POST /v1/quotes for that of a request.',
    },
    protocols: [{ x402: {} }],
    schemes: terms.schemes,
    networks: [...new Set(terms.assets.map(({ network }) => network))],
    tokens: tokensOf(terms),
  }
}

/** The tokens of the terms, as documents name them. */
export const tokensOf = ({ assets }: HttpDependencies['call']['terms']) =>
  assets.map(({ network, address, symbol, decimals }) => ({ network, address, symbol, decimals }))
