import { newEvent } from '../../governance/alerts/coalesce.ts'
import type { Scope } from '../../governance/budgets/admit.ts'
import { crossedThresholds } from '../../governance/budgets/thresholds.ts'
import { LIMITS } from '../../lib/limits.ts'
import { formatUsd } from '../../lib/money.ts'
import type { BudgetStore, BudgetTerms } from '../budget-ports.ts'
import type { AlertSink } from '../outbox-ports.ts'
import type { Admission } from '../types.ts'

/** `rolling-<seconds>:<beginning of the slot>`, as budgets/window-of makes it. */
const ROLLING = /^(rolling-(\d+)):(\d+)$/

type Reached = {
  readonly scope: Scope
  readonly terms: BudgetTerms
  readonly percent: number
  readonly windowId: string
}

/** A rolling window has no beginning: it is told of once for each length of it, counted from the epoch. */
function lengthOf(windowId: string): string | undefined {
  const [, name, seconds, slotFromMs] = ROLLING.exec(windowId) ?? []
  return name === undefined
    ? undefined
    : `${name}:${Math.floor(Number(slotFromMs) / (Number(seconds) * 1_000))}`
}

function reachedBy(scopes: readonly Scope[], budgets: readonly BudgetTerms[]): readonly Reached[] {
  return scopes.flatMap((scope, index) => {
    const terms = budgets[index]
    const windowId = lengthOf(scope.windowId)
    if (!terms || windowId === undefined) return []
    const { thresholdsPercent } = terms
    return crossedThresholds({ ...scope, thresholdsPercent, told: [] }).map(({ percent }) => ({
      scope,
      terms,
      percent,
      windowId,
    }))
  })
}

function eventOf({ scope, terms, percent, windowId }: Reached, atMs: number) {
  const { budgetId, level, levelId, metric, limit, spent, resetsAtMs } = scope
  const written = (amount: bigint) => (metric === 'usd' ? formatUsd(amount) : amount.toString())
  return newEvent({
    type: percent >= 100 ? 'budget.exhausted' : 'budget.threshold',
    organizationId: terms.organizationId,
    cause: [budgetId, levelId, windowId, String(percent)],
    data: {
      budget_id: budgetId,
      scope: level,
      scope_id: levelId,
      metric,
      window: scope.windowId,
      limit: written(limit),
      spent: written(spent),
      resets_at: resetsAtMs === null ? null : new Date(resetsAtMs).toISOString(),
      percent,
    },
    atMs,
  })
}

/**
 * Thresholds of rolling windows. Those of other windows are told by the commit of the capture that reaches them; of a rolling one no row has
 * the sum, so it is looked at after the call, and nobody waits for the look. Once for each threshold and length of the window: the id says so.
 *
 * @returns what is to be called with the row of each call that was captured.
 */
export function createRollingThresholds({
  store,
  alerts,
  nowMs,
}: {
  store: Pick<BudgetStore, 'listScopes'>
  alerts: AlertSink
  nowMs: () => number
}): (admission: Pick<Admission, 'holds'>) => Promise<void> {
  const told = new Set<string>()
  return async ({ holds }) => {
    const budgets = holds.flatMap(({ budget }) =>
      budget?.rollingFromMs !== undefined && budget.thresholdsPercent.length > 0 ? [budget] : [],
    )
    if (budgets.length === 0) return
    // A look that fails is made again after the next call.
    const scopes = await store.listScopes(budgets).catch(() => [])
    for (const reached of reachedBy(scopes, budgets)) {
      const event = eventOf(reached, nowMs())
      if (told.has(event.id)) continue
      told.add(event.id)
      const [oldest] = told
      if (told.size > LIMITS.keptCallers && oldest !== undefined) told.delete(oldest)
      alerts.note(event)
    }
  }
}
