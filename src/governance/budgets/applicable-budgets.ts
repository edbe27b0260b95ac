import type { Attribution, Level, Place } from '../hierarchy/attribution.ts'
import type { Scope } from './admit.ts'
import type { Budget } from './types.ts'
import { type BudgetWindow, windowOf } from './window-of.ts'

/** Whose counter it is where a budget applies to each: the next below that acts. */
const EACH: Readonly<Record<Level, readonly Level[]>> = {
  organization: ['principal', 'wallet'],
  unit: ['principal', 'wallet'],
  principal: ['key'],
  wallet: ['run'],
  key: ['voucher', 'run'],
  voucher: ['run'],
  run: [],
}

/** A budget that binds a call, with its window and whose counter counts. */
export type ApplicableBudget = {
  readonly budget: Budget
  readonly window: BudgetWindow
  /** The limit at this moment. */
  readonly limit: bigint
  /** Where the counter hangs: the budget's own place, or whoever has one of its own. */
  readonly counter: Place
}

/** The limit at a moment: of the overrides that hold then, the one that was set last, else the budget's own. */
export const limitAt = ({
  budget: { limit, overrides },
  atMs,
}: {
  budget: Pick<Budget, 'limit' | 'overrides'>
  atMs: number
}): bigint => overrides.findLast(({ fromMs, untilMs }) => fromMs <= atMs && atMs < untilMs)?.limit ?? limit

/** The place whose counter counts; undefined: such a budget does not concern the call. */
function counterPlace({
  budget: { place, applies },
  attribution,
}: {
  budget: Budget
  attribution: Attribution
}): Place | undefined {
  const at = attribution.findIndex(({ level, id }) => level === place.level && id === place.id)
  if (at < 0) return undefined
  if (applies === 'shared') return place
  return attribution.slice(at + 1).find(({ level }) => EACH[place.level].includes(level))
}

/** A smaller window is narrower; windows that never end are the widest. */
const lengthOf = ({ window: { fromMs, resetsAtMs }, budget }: ApplicableBudget): number => {
  if (budget.window === 'request') return 0
  return resetsAtMs === null ? Infinity : resetsAtMs - fromMs
}

const comparing = (one: number, other: number) => (one === other ? 0 : one - other)

/**
 * The budgets that bind a call, widest first: from the organisation down, at one place from the longest window to the shortest. The
 * order is that of {@link Scope}s for {@link admit}, and that in which their rows are locked.
 */
export function applicableBudgets({
  budgets,
  attribution,
  atMs,
}: {
  budgets: readonly Budget[]
  attribution: Attribution
  atMs: number
}): readonly ApplicableBudget[] {
  const depthOf = ({ level, id }: Place) =>
    attribution.findIndex((place) => place.level === level && place.id === id)
  return budgets
    .flatMap((budget): readonly ApplicableBudget[] => {
      const counter = counterPlace({ budget, attribution })
      if (!counter) return []
      return [{ budget, counter, window: windowOf({ budget, atMs }), limit: limitAt({ budget, atMs }) }]
    })
    .sort(
      (one, other) =>
        comparing(depthOf(one.counter), depthOf(other.counter)) ||
        comparing(lengthOf(other), lengthOf(one)) ||
        (one.budget.id < other.budget.id ? -1 : 1),
    )
}

/** An applicable budget with its sums, as the rule wants it. */
export const scopeOf = ({
  applicable: { budget, window, limit, counter },
  sums: { spent, held },
}: {
  applicable: ApplicableBudget
  /** Over all slots that count; zero where there is no row yet. */
  sums: { readonly spent: bigint; readonly held: bigint }
}): Scope => ({
  budgetId: budget.id,
  level: counter.level,
  levelId: counter.id,
  metric: budget.metric,
  mode: budget.mode,
  windowId: window.id,
  resetsAtMs: window.resetsAtMs,
  limit,
  spent,
  held,
})
