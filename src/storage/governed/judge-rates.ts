import type { RateStore } from '../../call/rules-ports.ts'
import { type Lease, leave } from '../../governance/rates/concurrency.ts'
import { giveBackRate, type RateState } from '../../governance/rates/gcra.ts'
import { takeRates, type RatesTaken } from '../../governance/rates/take-rates.ts'

type Take = Parameters<RateStore['take']>[0]
type End = Parameters<RateStore['end']>[0]

/** What is asked of the rates by one call. */
export type RateStep =
  | { readonly kind: 'take'; readonly query: Take }
  | { readonly kind: 'end'; readonly query: End }

/** How one limit stands. */
export type LimitState = { readonly state?: RateState; readonly leases: readonly Lease[] }

/** The limits of a group as they stand while it is gone through, and what is to be written of it. */
export type RateBook = {
  readonly limits: Map<string, LimitState>
  /** Limits that have changed. */
  readonly changed: Set<string>
  /** Calls that have their share, by their latest end; `begun` in this group. */
  readonly open: Set<string>
  readonly begun: Map<string, number>
}

const NOTHING_TAKEN: LimitState = { leases: [] }

function put(book: RateBook, id: string, state: LimitState): void {
  book.limits.set(id, state)
  book.changed.add(id)
}

/** One call's share of every limit, by governance's own rule. Who has it already is told how things stand. */
function take(book: RateBook, { callId, limits, amounts, nowMs, untilMs }: Take): RatesTaken {
  const standing = limits.map((limit) => ({ limit, at: book.limits.get(limit.id) ?? NOTHING_TAKEN }))
  const isRepeat = book.open.has(callId)
  const flows: (typeof standing)[number][] = []
  const places: typeof flows = []
  for (const one of standing) (one.limit.metric === 'concurrent' ? places : flows).push(one)
  const taken = takeRates({
    rates: flows.map(({ limit: { place, metric, limit }, at }) => ({
      place,
      metric: metric === 'tokens' ? metric : 'requests',
      perMinute: limit,
      ...(at.state ? { state: at.state } : {}),
    })),
    concurrency: places.map(({ limit: { place, limit }, at }) => ({ place, limit, leases: at.leases })),
    callId,
    amounts: isRepeat ? { requests: 0, tokens: 0 } : amounts,
    nowMs,
    untilMs,
  })
  if (isRepeat || !taken.isAdmitted) return taken
  for (const [index, { limit, at }] of flows.entries()) {
    const state = taken.rates[index]?.state
    if (state) put(book, limit.id, { ...at, state })
  }
  for (const [index, { limit, at }] of places.entries())
    put(book, limit.id, { ...at, leases: taken.concurrency[index]?.leases ?? at.leases })
  book.open.add(callId)
  book.begun.set(callId, untilMs)
  return taken
}

/** Gives back what a call did not use, and its place; nothing where it has ended already, or never had its share. */
function end(book: RateBook, { callId, limits, unusedTokens }: End): undefined {
  if (!book.open.delete(callId)) return undefined
  book.begun.delete(callId)
  for (const { id, metric, limit: perMinute } of limits) {
    const at = book.limits.get(id) ?? NOTHING_TAKEN
    if (metric === 'concurrent') put(book, id, { ...at, leases: leave({ leases: at.leases, id: callId }) })
    if (metric === 'tokens' && at.state && unusedTokens > 0)
      put(book, id, { ...at, state: giveBackRate({ state: at.state, perMinute, amount: unusedTokens }) })
  }
  return undefined
}

/** Goes through a group in the order of arrival, and writes into the book what comes of it. */
export const judgeRates = ({
  steps,
  book,
}: {
  steps: readonly RateStep[]
  book: RateBook
}): readonly (RatesTaken | undefined)[] =>
  steps.map((step) => (step.kind === 'take' ? take(book, step.query) : end(book, step.query)))
