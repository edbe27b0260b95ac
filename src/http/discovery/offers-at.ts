import { priceProbe } from '../../call/probe.ts'
import { formatUsd } from '../../lib/money.ts'
import { buildOffers } from '../../payment/offers.ts'
import type { Offer } from '../../payment/types.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { dialectAt } from '../dialects.ts'

/** What a call of usual size is offered for at a path: the price that a probe is shown, without a quote that nobody could use. */
export function offersAt({ path, call }: { path: string; call: HttpDependencies['call'] }): {
  readonly estimate: string
  readonly ceiling: string
  readonly accepts: readonly Offer[]
} {
  const { kind } = dialectAt(path)
  const { terms, withheldOf } = call
  const priced = priceProbe({ requestHash: '', kind, dependencies: call })
  const { estimatePicoUsd } = priced
  return {
    estimate: formatUsd(estimatePicoUsd),
    ceiling: formatUsd(priced.ceilingPicoUsd),
    accepts: buildOffers({ terms, quote: priced, estimatePicoUsd, withheldOf }),
  }
}
