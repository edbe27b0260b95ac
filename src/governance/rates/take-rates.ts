import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { Place } from '../hierarchy/attribution.ts'
import { enter, type Lease } from './concurrency.ts'
import { type RateState, takeRate, type RateVerdict } from './gcra.ts'
import { rateHeaders } from './rate-headers.ts'

export type RateMetric = 'requests' | 'tokens'

/** A limit per minute at one place, and where it stands. */
export type RateScope = {
  readonly place: Place
  readonly metric: RateMetric
  readonly perMinute: number
  readonly state?: RateState
}

/** A limit on calls at once at one place, and who is under way. */
export type ConcurrencyScope = {
  readonly place: Place
  readonly limit: number
  readonly leases: readonly Lease[]
}

/** How a limit stands after a try. */
export type ScopeVerdict = RateVerdict & { readonly place: Place; readonly metric: RateMetric }

export type RatesTaken = {
  readonly isAdmitted: boolean
  /** In the order of the scopes; what is to be written, unchanged where the call was not admitted. */
  readonly rates: readonly RateScope[]
  readonly concurrency: readonly ConcurrencyScope[]
  readonly verdicts: readonly ScopeVerdict[]
  /** The narrowest limit that stood in the way. */
  readonly binding?: {
    readonly place: Place
    readonly metric: RateMetric | 'concurrent'
    readonly kind: 'limited' | 'never'
    /** Until all that stood in the way would let it pass, as far as is known. */
    readonly retryAfterMs: number
  }
}

type Rates = {
  readonly rates: readonly RateScope[]
  readonly concurrency: readonly ConcurrencyScope[]
  readonly callId: string
  /** Tokens: the worst case; what was not used is given back at the end. */
  readonly amounts: Readonly<Record<RateMetric, number>>
  readonly nowMs: number
  readonly untilMs: number
}

/**
 * Takes one call's share of every rate, or of none: all or nothing, as with budgets, and in the same step as these.
 *
 * @param rates from the organisation down, as `concurrency`.
 */
export function takeRates({ rates, concurrency, callId, amounts, nowMs, untilMs }: Rates): RatesTaken {
  const steps = rates.map((scope) => {
    const { state, perMinute, metric, place } = scope
    const step = takeRate({ state, perMinute, amount: amounts[metric], nowMs })
    return { after: { ...scope, state: step.state }, verdict: { ...step.verdict, place, metric } }
  })
  const entries = concurrency.map((scope) => {
    const { isAdmitted, leases, retryAfterMs } = enter({ ...scope, id: callId, nowMs, untilMs })
    return { after: { ...scope, leases }, isAdmitted, retryAfterMs, place: scope.place }
  })
  const blocked = [
    ...steps.flatMap(({ verdict: { kind, place, metric, retryAfterMs } }) =>
      kind === 'admitted' ? [] : [{ kind, place, metric, retryAfterMs }],
    ),
    ...entries.flatMap(({ isAdmitted, place, retryAfterMs }) =>
      isAdmitted ? [] : [{ kind: 'limited', place, metric: 'concurrent', retryAfterMs } as const],
    ),
  ]
  const last = blocked.findLast(({ kind }) => kind === 'never') ?? blocked.at(-1)
  if (!last)
    return {
      isAdmitted: true,
      rates: steps.map(({ after }) => after),
      concurrency: entries.map(({ after }) => after),
      verdicts: steps.map(({ verdict }) => verdict),
    }
  // What the limits that would have let it pass say is how they stand, not how they would stand had it been taken.
  const standing = rates.map(({ state, perMinute, metric, place }, index) => {
    const verdict = steps[index]?.verdict
    if (verdict && verdict.kind !== 'admitted') return verdict
    return { ...takeRate({ state, perMinute, amount: 0, nowMs }).verdict, place, metric }
  })
  const retryAfterMs = Math.max(...blocked.map((one) => one.retryAfterMs))
  return { isAdmitted: false, rates, concurrency, verdicts: standing, binding: { ...last, retryAfterMs } }
}

/** Calls at once give back their place sooner than their longest time: it is worth asking again after a second. */
const CONCURRENT_RETRY_MS = 1_000

/** The refusal of a call by rates, with OpenAI's headers: 429 where waiting helps, 400 where it does not. */
export function rateRefusal({
  binding: { place, metric, kind, retryAfterMs },
  verdicts,
}: {
  binding: NonNullable<RatesTaken['binding']>
  verdicts: readonly ScopeVerdict[]
}): TurnpikeError {
  const metadata = { scope: place.level, id: place.id, metric }
  const headers = rateHeaders(verdicts)
  if (kind === 'never') return new TurnpikeError('request_above_rate', { headers, extra: { metadata } })
  const what = metric === 'concurrent' ? 'calls at once' : `${metric} per minute`
  return new TurnpikeError('rate_limit_exceeded', {
    message: `The limit on ${what} of the ${place.level} ${place.id} is reached.`,
    headers,
    retryAfterMs: metric === 'concurrent' ? Math.min(retryAfterMs, CONCURRENT_RETRY_MS) : retryAfterMs,
    extra: { metadata },
  })
}
