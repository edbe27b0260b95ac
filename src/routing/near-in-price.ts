import { blendedPrice, type PricedEndpoint } from '../catalog/blended-price.ts'
import { LIMITS } from '../lib/limits.ts'

/**
 * Those of the other candidates that may step in for the first. The caller signs for the dearest of a plan, and open weights are sold
 * for 1 and for 18 at once: one host at 18 would make every ceiling 18 times what the call will cost.
 *
 * @param rest cheapest first.
 */
export function nearInPrice({
  first,
  rest,
}: {
  first: PricedEndpoint
  rest: readonly PricedEndpoint[]
}): readonly PricedEndpoint[] {
  const most = blendedPrice(first) * LIMITS.failoverPriceFactor
  return most === 0n ? rest : rest.filter((endpoint) => blendedPrice(endpoint) <= most)
}
