import { offersFor, type Priced, type Quoted, stockClientHint } from '../../call/plan/demand.ts'
import type { CallDependencies } from '../../call/dependencies.ts'
import { explanationFields } from '../../call/plan/explanation-fields.ts'
import type { PlannedCall } from '../../call/types.ts'
import { SIMULATED_PROVIDER } from '../../catalog/simulated.ts'
import { formatUsd } from '../../lib/money.ts'
import type { Resource } from '../../payment/payment-required.ts'

type Terms = Pick<CallDependencies, 'terms' | 'withheldOf'>

/** USD before the settlement fee, which depends on the offer. */
const pricesOf = ({
  estimatePicoUsd,
  ceilingPicoUsd,
}: Pick<Priced, 'estimatePicoUsd' | 'ceilingPicoUsd'>) => ({
  estimate: formatUsd(estimatePicoUsd),
  ceiling: formatUsd(ceilingPicoUsd),
})

/**
 * The answer of POST /v1/quotes. It is a PaymentRequired of x402 v2 as well, so that a client can sign one of its offers as it stands.
 *
 * @param alternatives the same request planned for other models (priceAlternatives).
 * @throws token_suspended like the 402 of the same request.
 */
export function quoteBody({
  planned,
  quoted,
  resource,
  capField,
  alternatives,
  dependencies,
}: {
  planned: PlannedCall
  quoted: Quoted
  resource: Resource
  capField: string | undefined
  alternatives: readonly PlannedCall[]
  dependencies: Terms
}): Readonly<Record<string, unknown>> {
  const [endpoint] = planned.candidates
  const isFree = planned.ceilingPicoUsd === 0n
  return {
    object: 'quote',
    id: quoted.quote.nonce,
    model: planned.model.id,
    endpoint: endpoint.id,
    strategy: planned.strategy,
    ...(endpoint.providerId === SIMULATED_PROVIDER ? { simulated: true } : {}),
    ...pricesOf(planned),
    output_cap: planned.outputCap,
    expires_at: new Date(quoted.quote.expiresAtMs).toISOString(),
    ...stockClientHint({ priced: planned, capField }),
    x402Version: 2,
    resource,
    // A call without a price is served without a payment.
    accepts: isFree ? [] : offersFor({ priced: planned, quoted, dependencies }),
    alternatives: alternatives.map((other) => alternativeOf({ other, dependencies })),
    plan: planOf(planned),
    ...(planned.decision ? { reason: planned.reason, explanation: explanationFields(planned.decision) } : {}),
  }
}

/** A price in short: what each scheme and token would be asked for. No quote: that is asked for by the model's name. */
function alternativeOf({ other, dependencies }: { other: PlannedCall; dependencies: Terms }) {
  const { assets } = dependencies.terms
  const offers = offersFor({ priced: other, quoted: { quote: other }, dependencies })
  return {
    model: other.model.id,
    endpoint: other.candidates[0].id,
    ...pricesOf(other),
    output_cap: other.outputCap,
    offers: offers.map(({ scheme, network, asset, amount }) => ({
      scheme,
      network,
      asset,
      symbol: assets.find(({ address }) => address === asset.toLowerCase())?.symbol,
      amount,
    })),
  }
}

const FAILOVER = 'tried where those before it fail before their first content'

const planOf = ({ candidates, reason }: PlannedCall) =>
  candidates.map(({ id, modelId, providerId, region }, index) => ({
    endpoint: id,
    model: modelId,
    provider: providerId,
    region,
    reason: index === 0 ? reason : FAILOVER,
  }))
