import { askedBudgets, runLimit } from '../../governance/budgets/asked-budgets.ts'
import type { Budget } from '../../governance/budgets/types.ts'
import { keyMayDo } from '../../governance/keys/key-kinds.ts'
import type { BudgetStore } from '../budget-ports.ts'
import type { GovernedCaller } from '../rules-ports.ts'
import type { ReceivedCall } from '../types.ts'
import { dueBudgets } from './terms.ts'

/** Of a run that nobody has opened. */
const NO_LIMIT = -1n

/** A wallet's runs are its own; a key raises them where it holds `runs:write`. */
const mayRaise = ({ rules: { key, grants, unit } }: GovernedCaller): boolean =>
  !key || keyMayDo({ key, grants, permission: 'runs:write', unitPath: unit.path, isOwn: true })

/** The limits of an open run, read from its counters: only they know them. A version below any makes the row's limit count. */
async function openLimits({
  caller: { attribution },
  store,
  atMs,
}: {
  caller: GovernedCaller
  store: BudgetStore
  atMs: number
}): Promise<{ readonly usd?: bigint; readonly requests?: bigint }> {
  const asked = { runMaxCostPicoUsd: NO_LIMIT, runMaxRequests: NO_LIMIT }
  const budgets = askedBudgets({ asked, attribution }).map((budget) => ({ ...budget, version: 0 }))
  const scopes = await store.listScopes(dueBudgets({ budgets, attribution, atMs }).terms)
  const limitOf = (wanted: string) =>
    scopes.find(({ metric, limit }) => metric === wanted && limit !== NO_LIMIT)?.limit
  const [usd, requests] = [limitOf('usd'), limitOf('requests')]
  return { ...(usd === undefined ? {} : { usd }), ...(requests === undefined ? {} : { requests }) }
}

/**
 * The budgets that a request brings along: a cap of its own, and what its run may take in all, by what the run was opened with.
 *
 * @throws TurnpikeError `permission_denied` where it would raise an open run and may not.
 */
export async function budgetsAsked({
  received: { request, receivedAtMs },
  caller,
  store,
}: {
  received: ReceivedCall
  caller: GovernedCaller
  store: BudgetStore
}): Promise<readonly Budget[]> {
  const { maxCostPicoUsd, runId, runMaxCostPicoUsd, runMaxRequests } = request.budget ?? {}
  if (maxCostPicoUsd === undefined && runId === undefined) return []
  const open = runId === undefined ? {} : await openLimits({ caller, store, atMs: receivedAtMs })
  const may = mayRaise(caller)
  const usd = runLimit({ current: open.usd, asked: runMaxCostPicoUsd, mayRaise: may })
  const requests = runLimit({ current: open.requests, asked: runMaxRequests, mayRaise: may })
  const asked = {
    ...(maxCostPicoUsd === undefined ? {} : { maxCostPicoUsd }),
    ...(usd === undefined ? {} : { runMaxCostPicoUsd: usd }),
    ...(requests === undefined ? {} : { runMaxRequests: requests }),
  }
  const organizationId = caller.rules.organization?.id ?? null
  const { attribution } = caller
  const openLimitOf = ({ window, metric }: Budget) =>
    window === 'total' ? (metric === 'usd' ? open.usd : open.requests) : undefined
  const budgets = askedBudgets({ asked, attribution }).map((budget): Budget => {
    const current = openLimitOf(budget)
    if (budget.window === 'total' && current === undefined)
      return { ...budget, organizationId, version: 0, opens: true }
    // Of an open run the row's limit counts, which another may have lowered until this call is let in; only who raises it brings its own.
    const isRaise = current === undefined || budget.limit > current
    return { ...budget, organizationId, ...(isRaise ? {} : { version: 0 }) }
  })
  const lowered = budgets.filter((budget) => budget.limit < (openLimitOf(budget) ?? 0n))
  if (lowered.length > 0)
    await store.lower(dueBudgets({ budgets: lowered, attribution, atMs: receivedAtMs }).terms)
  return budgets
}
