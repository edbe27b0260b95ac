import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import { listAbleModels } from '../../routing/list-able-models.ts'
import { isAuto } from '../../routing/plan-route.ts'
import { planCall, type PlanDependencies } from './plan.ts'
import { needsOf, preferencesOf, reachOf } from './route-by-size.ts'
import type { PlannedCall } from '../types.ts'

/**
 * The same request planned for other models that are known to do it: a few of the cheapest, by what each would cost at most. Each price is
 * the one that a request by that model's name would be asked.
 *
 * @example (await priceAlternatives({ planned, dependencies })).map(({ model }) => model.id)
 */
export async function priceAlternatives({
  planned,
  dependencies,
}: {
  planned: PlannedCall
  dependencies: PlanDependencies
}): Promise<readonly PlannedCall[]> {
  const { request, inputBoundTokens } = planned
  const needs = needsOf({ request, inputBoundTokens })
  const { marginBps } = dependencies
  const preferences = preferencesOf(planned)
  const others = new Set(
    listAbleModels({ needs, ...reachOf({ request, dependencies }), preferences, marginBps }),
  )
  others.delete(planned.model.id)
  const priced: PlannedCall[] = []
  for (const model of others) {
    if (priced.length === LIMITS.quoteAlternatives) break
    const other = await planFor({ planned, model, dependencies })
    if (other) priced.push(other)
  }
  return priced.toSorted(byCeiling)
}

/** undefined where the model would refuse the request after all. */
async function planFor({
  planned,
  model,
  dependencies,
}: {
  planned: PlannedCall
  model: string
  dependencies: PlanDependencies
}): Promise<PlannedCall | undefined> {
  const { fittingOutputCap: _other, clampedFrom: _clamped, ...received } = planned
  const { request } = planned
  // A list beside auto is what to choose from; beside a name it would be who steps in.
  const { models: _pool, ...routing } = request.routing ?? {}
  const asked = isAuto(request.model) && request.routing ? { ...request, routing } : request
  try {
    return await planCall({
      received: { ...received, request: { ...asked, model } },
      dependencies,
    })
  } catch (error) {
    if (error instanceof TurnpikeError) return undefined
    throw error
  }
}

function byCeiling(a: PlannedCall, b: PlannedCall): number {
  if (a.ceilingPicoUsd === b.ceilingPicoUsd) return a.model.id.localeCompare(b.model.id)
  return a.ceilingPicoUsd < b.ceilingPicoUsd ? -1 : 1
}
