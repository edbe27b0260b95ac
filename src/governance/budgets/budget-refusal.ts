import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { formatUsd } from '../../lib/money.ts'
import type { Constraint, Scope } from './admit.ts'
import type { Metric } from './types.ts'

/** A limit as a caller sees it. */
export type ShownConstraint = {
  readonly scope: string
  readonly id: string
  readonly budget: string
  readonly metric: Metric
  readonly window: string
  readonly resets_at: string | null
  /** USD as decimal strings, else whole numbers as strings; absent where the caller may not read that budget. */
  readonly limit?: string
  readonly spent?: string
  readonly held?: string
  readonly withheld?: true
}

const written = (metric: Metric, amount: bigint) => (metric === 'usd' ? formatUsd(amount) : amount.toString())
const said = (metric: Metric, amount: bigint) =>
  metric === 'usd' ? `$${formatUsd(amount)}` : `${amount} ${metric}`

/** A limit as somebody sees it who may read its amounts, or may not. */
export function shownScope(scope: Scope, mayRead: boolean): ShownConstraint {
  const { level, levelId, budgetId, metric, windowId, resetsAtMs, limit, spent, held } = scope
  return {
    scope: level,
    id: levelId,
    budget: budgetId,
    metric,
    window: windowId,
    resets_at: resetsAtMs === null ? null : new Date(resetsAtMs).toISOString(),
    ...(mayRead
      ? { limit: written(metric, limit), spent: written(metric, spent), held: written(metric, held) }
      : { withheld: true }),
  }
}

function sentence(
  { level, levelId, metric, limit, spent, held, needed }: Constraint,
  mayRead: boolean,
): string {
  const whose = `the budget of the ${level} ${levelId}`
  if (!mayRead) return `This call does not fit into ${whose}; its amounts are not yours to see.`
  const open = held > 0n ? `, ${said(metric, held)} held by calls under way` : ''
  return `This call needs up to ${said(metric, needed)}; of ${said(metric, limit)} in ${whose} ${said(metric, spent)} is spent${open}.`
}

/**
 * The refusal of a call by budgets: 403, never 402, which an agent would pay. The narrowest violated limit comes first, all others after.
 *
 * @param waitedMs how long the call has waited for the holds of others.
 * @param mayRead whether the caller may see the amounts of a scope: `budgets:read` there, or its own.
 */
export function budgetRefusal({
  binding,
  also,
  mayRead,
  waitedMs = 0,
}: {
  binding: Constraint
  also: readonly Constraint[]
  mayRead: (constraint: Constraint) => boolean
  waitedMs?: number
}): TurnpikeError {
  const { metric, needed } = binding
  const waited = waitedMs > 0 ? ` It has waited ${waitedMs} ms for calls under way to end.` : ''
  return new TurnpikeError('budget_exceeded', {
    message: `${sentence(binding, mayRead(binding))}${waited} Nothing was charged.`,
    extra: {
      metadata: {
        binding: shownScope(binding, mayRead(binding)),
        also: also.map((constraint) => shownScope(constraint, mayRead(constraint))),
        needed: written(metric, needed),
      },
    },
  })
}
