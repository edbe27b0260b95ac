import { minBigint } from '../../lib/money.ts'
import type { Level } from '../hierarchy/attribution.ts'
import { amountOf, type Amounts, type BudgetMode, type Metric } from './types.ts'

/** One budget in its window, as a call meets it: what is allowed, what is gone, and what calls under way may still take. */
export type Scope = {
  readonly budgetId: string
  readonly level: Level
  readonly levelId: string
  readonly metric: Metric
  readonly mode: BudgetMode
  readonly windowId: string
  readonly resetsAtMs: number | null
  /** In the metric's unit, as the next three. */
  readonly limit: bigint
  readonly spent: bigint
  readonly held: bigint
}

/** A scope that stands in the way, with what it would have needed. */
export type Constraint = Scope & { readonly needed: bigint }

export type BudgetVerdict =
  /** Hold the amounts in every scope. */
  | {
      readonly kind: 'admitted'
      readonly amounts: Amounts
      /** Soft and observed limits that it goes beyond. */
      readonly exceeded: readonly Constraint[]
    }
  /** Not as it is, but the least that the call would do with fits: make it so small that its worst case is within `fits`. */
  | { readonly kind: 'clamp'; readonly fits: Amounts; readonly blockedBy: readonly Constraint[] }
  /** Once calls under way have ended it may fit: wait, and ask again. */
  | { readonly kind: 'waits'; readonly blockedBy: readonly Constraint[] }
  /** It does not fit even if all calls under way cost nothing. The narrowest that is violated first. */
  | {
      readonly kind: 'refused'
      readonly binding: Constraint
      readonly also: readonly Constraint[]
    }

/** More than any amount: what a metric has left where no budget counts it. */
const UNLIMITED = (1n << 126n) - 1n

/** What a lowered limit leaves: nothing is taken back, and nothing more is let in. */
const freeIn = ({ limit, spent, held }: Scope): bigint => {
  const free = limit - spent - held
  return free > 0n ? free : 0n
}

const violated = (
  scopes: readonly Scope[],
  amounts: Amounts,
  isTooFull: (constraint: Constraint) => boolean,
) =>
  scopes.map((scope) => ({ ...scope, needed: amountOf({ amounts, metric: scope.metric }) })).filter(isTooFull)

/** A call that takes nothing of a metric passes it, however overspent it is. */
const isBeyondNow = ({ needed, ...scope }: Constraint) => needed > 0n && needed > freeIn(scope)
const isBeyondEver = ({ needed, limit, spent }: Constraint) => needed > 0n && spent + needed > limit

function fitting(scopes: readonly Scope[], asked: Amounts): Amounts {
  const least = (metric: Metric, most: bigint) =>
    scopes
      .filter((scope) => scope.metric === metric)
      .reduce((sum, scope) => minBigint(sum, freeIn(scope)), most)
  return {
    chargePicoUsd: least('usd', minBigint(asked.chargePicoUsd, UNLIMITED)),
    tokens: least('tokens', minBigint(asked.tokens, UNLIMITED)),
    requests: least('requests', asked.requests),
  }
}

/**
 * The rule of budgets: a call is let in where its worst case fits into every hard budget that it counts for, beside what is spent and what
 * calls under way hold. All or none; the caller writes the hold in the same step, under the same lock.
 *
 * Where it does not fit, there are three cases. It could be made smaller (`least`); it would fit if calls under way turned out to cost
 * nothing, which is worth waiting for; or it cannot fit in this window at all.
 *
 * @param scopes from the organisation down; the last that is violated is the narrowest, and binds.
 * @param amounts the call's worst case.
 * @param least the least that the caller would take instead; absent: nothing less.
 * @example admit({ scopes: [{ ...key, limit: 100n, spent: 40n, held: 50n }], amounts: { chargePicoUsd: 20n, tokens: 0n, requests: 1n } }).kind // 'waits'
 */
export function admit({
  scopes,
  amounts,
  least,
}: {
  scopes: readonly Scope[]
  amounts: Amounts
  least?: Amounts
}): BudgetVerdict {
  const hard = scopes.filter(({ mode }) => mode === 'hard')
  const blockedBy = violated(hard, amounts, isBeyondNow).toReversed()
  if (blockedBy.length === 0) {
    const others = scopes.filter(({ mode }) => mode !== 'hard')
    return { kind: 'admitted', amounts, exceeded: violated(others, amounts, isBeyondNow).toReversed() }
  }
  if (least && violated(hard, least, isBeyondNow).length === 0)
    return { kind: 'clamp', fits: fitting(hard, amounts), blockedBy }
  const impossible = violated(hard, least ?? amounts, isBeyondEver).toReversed()
  const [binding] = impossible
  if (!binding) return { kind: 'waits', blockedBy }
  const also = blockedBy.filter(
    ({ budgetId, windowId, levelId }) =>
      budgetId !== binding.budgetId || windowId !== binding.windowId || levelId !== binding.levelId,
  )
  return { kind: 'refused', binding, also }
}
