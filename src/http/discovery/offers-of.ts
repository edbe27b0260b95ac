import { formatUsd } from '../../lib/money.ts'
import { buildOffers } from '../../payment/offers/offers.ts'
import type { Offer } from '../../payment/types.ts'
import type { HttpDependencies } from '../dependencies.ts'
import type { Sale } from './sales.ts'

/** What a sale of usual size is offered for: the price that a probe is shown, without a quote that nobody could use. */
export function offersOf({ sale, call }: { sale: Sale; call: HttpDependencies['call'] }): {
  readonly estimate: string
  readonly ceiling: string
  readonly accepts: readonly Offer[]
} {
  const { estimatePicoUsd, ceilingPicoUsd } = sale.probeOf(call)
  const terms = sale.termsOf(call)
  const { withheldOf } = call
  return {
    estimate: formatUsd(estimatePicoUsd),
    ceiling: formatUsd(ceilingPicoUsd),
    accepts: buildOffers({ terms, quote: { ceilingPicoUsd }, estimatePicoUsd, withheldOf }),
  }
}
