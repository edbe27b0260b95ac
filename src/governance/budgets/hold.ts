import { minBigint } from '../../lib/money.ts'
import type { Scope } from './admit.ts'
import { amountOf, type Amounts, type Metric } from './types.ts'

/**
 * held: taken, nothing sent. dispatched: a provider may have begun. The other three are ends: captured at what it was, released for nothing,
 * or expired because whoever ran the call has gone.
 */
export type HoldState = 'held' | 'dispatched' | 'captured' | 'released' | 'expired'

/** Where a hold counts. It stays with the window in which it was taken, and so does its capture. */
export type CounterKey = {
  readonly budgetId: string
  readonly levelId: string
  readonly windowId: string
  readonly metric: Metric
}

/** One call's hold over all its scopes: one row, ended once. */
export type BudgetHold = {
  readonly id: string
  readonly state: HoldState
  readonly amounts: Amounts
  /** What a dispatched call costs though nobody learns how it ended: its input. */
  readonly known: Amounts
  /** What was captured in the end. */
  readonly captured?: Amounts
  readonly counters: readonly CounterKey[]
  readonly expiresAtMs: number
}

/** What has to be added to the sums of one counter. */
export type CounterChange = CounterKey & { readonly heldBy: bigint; readonly spentBy: bigint }

export type HoldEvent =
  | { readonly kind: 'dispatch' }
  | { readonly kind: 'capture'; readonly actual: Amounts }
  | { readonly kind: 'release' }
  | { readonly kind: 'expire'; readonly nowMs: number }

/** The next state of a hold, with what it changes. The event that changes nothing has come before. */
export type HoldStep = {
  readonly hold: BudgetHold
  readonly changes: readonly CounterChange[]
  /** What was used beyond the hold: our loss and a finding, never the budget's. */
  readonly excess?: Amounts
  /** The call was sent and nobody saw it end: what it really was has to be found out. */
  readonly needsReconcile?: true
}

export const NOTHING: Amounts = { chargePicoUsd: 0n, tokens: 0n, requests: 0n }

const each = (one: Amounts, other: Amounts, join: (a: bigint, b: bigint) => bigint): Amounts => ({
  chargePicoUsd: join(one.chargePicoUsd, other.chargePicoUsd),
  tokens: join(one.tokens, other.tokens),
  requests: join(one.requests, other.requests),
})

const isNothing = ({ chargePicoUsd, tokens, requests }: Amounts) =>
  chargePicoUsd === 0n && tokens === 0n && requests === 0n

/**
 * Takes the hold of a call that {@link admit} has let in, over every scope: hard, soft and observed ones are counted alike. Limits of a single
 * request have no sums.
 *
 * @param id the call's: a second hold under it is the first one.
 * @param expiresAtMs the latest moment at which the call can still end by itself, and some grace.
 */
export function takeHold({
  id,
  scopes,
  amounts,
  known = NOTHING,
  expiresAtMs,
}: {
  id: string
  scopes: readonly Scope[]
  amounts: Amounts
  known?: Amounts
  expiresAtMs: number
}): HoldStep {
  const counters = scopes
    .filter(({ windowId }) => windowId !== 'request')
    .map(({ budgetId, levelId, windowId, metric }) => ({ budgetId, levelId, windowId, metric }))
  const hold: BudgetHold = {
    id,
    state: 'held',
    amounts,
    known: each(known, amounts, minBigint),
    counters,
    expiresAtMs,
  }
  return { hold, changes: changesOf({ hold, held: amounts, spent: NOTHING }) }
}

/** Counters that nothing changes are left out: a row that is not touched is not locked. */
const changesOf = ({
  hold: { counters },
  held,
  spent,
}: {
  hold: BudgetHold
  held: Amounts
  spent: Amounts
}): readonly CounterChange[] =>
  counters
    .map((counter) => ({
      ...counter,
      heldBy: amountOf({ amounts: held, metric: counter.metric }),
      spentBy: amountOf({ amounts: spent, metric: counter.metric }),
    }))
    .filter(({ heldBy, spentBy }) => heldBy !== 0n || spentBy !== 0n)

const unchanged = (hold: BudgetHold): HoldStep => ({ hold, changes: [] })

const negative = (amounts: Amounts) => each(NOTHING, amounts, (zero, amount) => zero - amount)

/** Ends an open hold: what was used of it is spent, the rest is free again. */
function ended(hold: BudgetHold, state: HoldState, used: Amounts): HoldStep {
  const captured = each(used, hold.amounts, minBigint)
  const excess = each(used, captured, (all, within) => all - within)
  return {
    hold: { ...hold, state, captured },
    changes: changesOf({ hold, held: negative(hold.amounts), spent: captured }),
    ...(isNothing(excess) ? {} : { excess }),
  }
}

/**
 * A call whose end comes after its hold had expired: its room has been given to others, so only what is less than was written down is put
 * right. What is more is excess: a hard limit stays hard.
 */
function corrected(hold: BudgetHold, actual: Amounts): HoldStep {
  const wrote = hold.captured ?? NOTHING
  const captured = each(actual, wrote, minBigint)
  const excess = each(actual, captured, (all, within) => all - within)
  return {
    hold: { ...hold, state: 'captured', captured },
    changes: changesOf({
      hold,
      held: NOTHING,
      spent: each(captured, wrote, (now, before) => now - before),
    }),
    ...(isNothing(excess) ? {} : { excess }),
  }
}

/** A call that was thought never to have been sent, and was: nothing can be counted any more, but somebody has to know. */
const usedAfterRelease = (hold: BudgetHold, actual: Amounts): HoldStep =>
  isNothing(actual) ? unchanged(hold) : { ...unchanged(hold), excess: actual }

/**
 * What an event does to a hold. Every event can come again, or too late, and then changes nothing: the first end counts.
 *
 * @example stepHold({ hold, event: { kind: 'capture', actual } }).changes // what to add to each counter
 */
export function stepHold({ hold, event }: { hold: BudgetHold; event: HoldEvent }): HoldStep {
  const isOpen = hold.state === 'held' || hold.state === 'dispatched'
  switch (event.kind) {
    case 'dispatch':
      return unchanged(hold.state === 'held' ? { ...hold, state: 'dispatched' } : hold)
    case 'capture':
      if (hold.state === 'expired') return corrected(hold, event.actual)
      if (hold.state === 'released') return usedAfterRelease(hold, event.actual)
      return isOpen ? ended(hold, 'captured', event.actual) : unchanged(hold)
    case 'release':
      if (hold.state === 'expired') return { ...corrected(hold, NOTHING), hold: releasedLate(hold) }
      return isOpen ? ended(hold, 'released', NOTHING) : unchanged(hold)
    case 'expire':
      if (!isOpen || event.nowMs < hold.expiresAtMs) return unchanged(hold)
      return hold.state === 'held'
        ? ended(hold, 'released', NOTHING)
        : { ...ended(hold, 'expired', hold.known), needsReconcile: true }
  }
}

const releasedLate = (hold: BudgetHold): BudgetHold => ({ ...hold, state: 'released', captured: NOTHING })
