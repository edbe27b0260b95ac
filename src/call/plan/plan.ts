import { isPriced } from '../../catalog/blended-price.ts'
import { requestNeeds } from '../../chat/request-needs.ts'
import type { ChatRequest } from '../../chat/types.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { PicoUsd } from '../../lib/money.ts'
import { ceilingOf } from '../../pricing/ceiling.ts'
import { marginOf } from '../../pricing/margin.ts'
import { checkOverrides } from '../../routing/overrides/check-overrides.ts'
import type { Row } from '../../routing/table/endpoint-row.ts'
import { placesOf } from '../../routing/quoted-plan.ts'
import { outputCapOf, type PricedPlan, pricePlan } from './price-plan.ts'
import { type Reach, routeBySize, type RoutingKnowledge, type SignedPlan } from './route-by-size.ts'
import type { PlannedCall, ReceivedCall } from '../types.ts'

export type PlanDependencies = Reach &
  RoutingKnowledge & {
    readonly marginBps: number
    readonly defaultOutputTokens: number
    /** Names conversations; without it none is known. */
    readonly secret?: string
  }

type Asked = {
  readonly received: ReceivedCall
  /** Of the quote that came with the call. */
  readonly signed?: SignedPlan | undefined
  readonly dependencies: PlanDependencies
}

/**
 * Decides where the call would go and what it would cost at most. What is known of endpoints changes from call to call; the plan
 * that was quoted comes back with its quote and is the plan that is run, which is why the price of the 402 is the price of the paid call.
 *
 * @throws what planRoute throws, and contradicting_options or unknown_model for a list of the request; nothing has been charged.
 */
export async function planCall({ received, signed, dependencies }: Asked): Promise<PlannedCall> {
  const { request } = received
  const { catalog } = dependencies
  if (request.routing) checkOverrides({ overrides: request.routing, wanted: request.model, catalog })
  const isWithin = signed ? withinCeiling({ request, signed, dependencies }) : undefined
  const sized = await routeBySize({ received, signed, isWithin, dependencies })
  const { route } = sized
  const priced = await pricePlan({ request, sized, dependencies })
  const fitting = signed && !route.isQuoted ? trimmed({ priced, signed }) : priced
  const { candidates, continues, inputBoundTokens, outputCap, ceilingAt, estimatePicoUsd } = fitting
  const ceilingPicoUsd = ceilingAt(outputCap)
  return {
    ...received,
    ...route,
    candidates,
    ...(continues ? { continues: true as const } : {}),
    outputCap,
    inputBoundTokens,
    estimatePicoUsd,
    ceilingPicoUsd,
    ceilingAt,
    ...fittingCap({ ceilingPicoUsd, outputCap, ceilingAt }),
    priceBook: catalog.priceBook,
    places: placesOf({ catalog, candidates }),
  }
}

/** Whether an endpoint by itself is within the ceiling that was signed. */
function withinCeiling({
  request,
  signed,
  dependencies,
}: Pick<Asked, 'dependencies'> & { request: ChatRequest; signed: SignedPlan }) {
  const { marginBps } = dependencies
  const needs = requestNeeds(request)
  const dearInput = { hasAudio: needs.audio, hasHourCache: needs.hourCache }
  return ({ endpoint, model }: Row, inputBoundTokens: number): boolean => {
    if (!isPriced(endpoint)) return false
    const outputCap = outputCapOf({ request, model, boundTokens: inputBoundTokens, dependencies }) ?? 0
    const bounds = { inputBoundTokens, outputCap, choices: request.choices, ...dearInput }
    const ceiling = ceilingOf({
      candidates: [endpoint.prices],
      bounds,
      marginBps: marginOf({ endpoint, marginBps }),
    })
    return ceiling <= signed.ceilingPicoUsd
  }
}

/**
 * A plan that was made anew, without those of its end that would take it above the ceiling that was signed.
 *
 * @throws all_endpoints_down where not even its first is below.
 */
function trimmed({ priced, signed }: { priced: PricedPlan; signed: SignedPlan }): PricedPlan {
  let plan: PricedPlan | undefined = priced
  while (plan && plan.ceilingAt(plan.outputCap) > signed.ceilingPicoUsd) plan = plan.withoutLast()
  if (plan) return plan
  throw new TurnpikeError('all_endpoints_down', { retryAfterMs: LIMITS.endpointsDownMs })
}

/** The largest cap whose ceiling stock clients pay, where this one's is above it. */
function fittingCap({
  ceilingPicoUsd,
  outputCap,
  ceilingAt,
}: {
  ceilingPicoUsd: PicoUsd
  outputCap: number
  ceilingAt: (cap: number) => PicoUsd
}): Pick<PlannedCall, 'fittingOutputCap'> {
  const limitPicoUsd = LIMITS.stockClientCeilingPicoUsd
  const cap = capWithin({ ceilingPicoUsd, outputCap, ceilingAt, limitPicoUsd })
  return cap === undefined || cap === outputCap ? {} : { fittingOutputCap: cap }
}

/** The largest cap, up to a plan's own, whose ceiling is within a limit; undefined where the input alone is above. */
export function capWithin({
  ceilingPicoUsd,
  outputCap,
  ceilingAt,
  limitPicoUsd,
}: Pick<PlannedCall, 'ceilingPicoUsd' | 'outputCap' | 'ceilingAt'> & {
  limitPicoUsd: PicoUsd
}): number | undefined {
  if (ceilingPicoUsd <= limitPicoUsd) return outputCap
  const inputPicoUsd = ceilingAt(0)
  if (inputPicoUsd >= limitPicoUsd) return undefined
  const cap = Number((BigInt(outputCap) * (limitPicoUsd - inputPicoUsd)) / (ceilingPicoUsd - inputPicoUsd))
  // Margins are rounded up.
  return ceilingAt(cap) <= limitPicoUsd ? cap : cap - 1
}
