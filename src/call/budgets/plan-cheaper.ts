import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { PicoUsd } from '../../lib/money.ts'
import { isAuto } from '../../routing/plan-route.ts'
import { planCall, type PlanDependencies } from '../plan/plan.ts'
import type { PlannedCall } from '../types.ts'

/**
 * The call planned anew within a price, as one that brings a signed price is.
 *
 * @returns undefined where the caller has named its model, or no model that it allows is so cheap.
 */
export async function planCheaper({
  planned,
  roomPicoUsd,
  dependencies,
}: {
  planned: PlannedCall
  roomPicoUsd: PicoUsd
  dependencies: PlanDependencies
}): Promise<PlannedCall | undefined> {
  const { model, routing } = planned.request
  const isFree = isAuto(model) || (routing?.models ?? []).length > 0
  if (!isFree || roomPicoUsd <= 0n || roomPicoUsd >= planned.ceilingPicoUsd) return undefined
  const { budgets, run } = planned
  try {
    const signed = { ceilingPicoUsd: roomPicoUsd, places: [] }
    const cheaper = await planCall({ received: planned, signed, dependencies })
    return { ...cheaper, ...(budgets ? { budgets } : {}), ...(run ? { run } : {}) }
  } catch (error) {
    if (error instanceof TurnpikeError) return undefined
    throw error
  }
}
