import { LIMITS } from '../../lib/limits.ts'
import { afterFailure, afterNothing, afterSuccess, type Circuit, CLOSED_CIRCUIT } from './circuit.ts'
import { addedUp, type DecayedSuccess, isMostlyFailing, NO_SUCCESS, withOutcome } from './decayed-success.ts'
import { blendedPace, type Pace, SIZE_CLASSES, sizeClassOf, USUAL_PACE, withSighting } from './pace.ts'

/** The part that instances tell one another, and that a restart finds again. */
export type SharedState = {
  readonly success: DecayedSuccess
  /** By size class. */
  readonly paces: readonly Pace[]
  readonly circuit: Circuit
  /** Its provider asked to be left alone until then; 0 where it did not. */
  readonly waitUntilMs: number
}

/** What one instance knows of one endpoint. Numbers only. */
export type EndpointState = SharedState & {
  /** Refusals for our rate, in a row. */
  readonly limitedInRow: number
  /** Share of the provider's allowance that is left, until it is full again. */
  readonly headroom: { readonly share: number; readonly untilMs: number }
}

export const NEW_ENDPOINT: EndpointState = {
  success: NO_SUCCESS,
  paces: Array.from({ length: SIZE_CLASSES }, () => USUAL_PACE),
  circuit: CLOSED_CIRCUIT,
  waitUntilMs: 0,
  limitedInRow: 0,
  headroom: { share: 1, untilMs: 0 },
}

/**
 * How an attempt ended. `rejected` (the request was at fault) and `aborted` (the caller hung up) say nothing about an endpoint; `limited`
 * is about our rate and not about its health; `late` was given up because its first token did not come.
 */
export type AttemptOutcome =
  | 'completed'
  | 'interrupted'
  | 'failed'
  | 'late'
  | 'limited'
  | 'rejected'
  | 'aborted'

export type AttemptEnd = {
  readonly outcome: AttemptOutcome
  readonly inputTokens: number
  /** Of a stream: until its first content, or until it was given up. */
  readonly firstTokenMs?: number
  /** Of a stream that was long enough to say. */
  readonly tokensPerSecond?: number
  readonly retryAfterMs?: number
  readonly headroom?: { readonly share: number; readonly resetAfterMs: number }
}

const FAILURES: ReadonlySet<AttemptOutcome> = new Set(['interrupted', 'failed', 'late'])

/** What is known after an attempt. */
export function stateAfter({
  state,
  end,
  nowMs,
}: {
  state: EndpointState
  end: AttemptEnd
  nowMs: number
}): EndpointState {
  const { outcome, firstTokenMs, tokensPerSecond, headroom } = end
  const sizeClass = sizeClassOf(end.inputTokens)
  const paces =
    firstTokenMs === undefined
      ? state.paces
      : state.paces.map((pace, index) =>
          index === sizeClass ? withSighting({ pace, firstTokenMs, tokensPerSecond, nowMs }) : pace,
        )
  const isFailure = FAILURES.has(outcome)
  const isSuccess = outcome === 'completed'
  const success =
    isFailure || isSuccess ? withOutcome({ success: state.success, isSuccess, nowMs }) : state.success
  const limitedInRow = outcome === 'limited' ? state.limitedInRow + 1 : isSuccess ? 0 : state.limitedInRow
  return {
    success,
    paces,
    circuit: circuitAfter({ circuit: state.circuit, outcome, isBad: isMostlyFailing(success), nowMs }),
    waitUntilMs: Math.max(state.waitUntilMs, waitUntil({ end, limitedInRow, nowMs })),
    limitedInRow,
    headroom: headroom ? { share: headroom.share, untilMs: nowMs + headroom.resetAfterMs } : state.headroom,
  }
}

function circuitAfter({
  circuit,
  outcome,
  isBad,
  nowMs,
}: {
  circuit: Circuit
  outcome: AttemptOutcome
  isBad: boolean
  nowMs: number
}): Circuit {
  // One that has just come back has its outage still in its share: until that is forgotten only failures in a row count.
  const isJustBack = circuit.openings > 0 && nowMs - circuit.changedAtMs < LIMITS.circuitForgetMs
  if (FAILURES.has(outcome)) return afterFailure({ circuit, nowMs, isBad: isBad && !isJustBack })
  return outcome === 'completed' ? afterSuccess({ circuit, nowMs }) : afterNothing({ circuit })
}

/** A provider that says when to come back is believed; one that only says no is given a little longer each time. */
function waitUntil({
  end: { outcome, retryAfterMs },
  limitedInRow,
  nowMs,
}: {
  end: AttemptEnd
  limitedInRow: number
  nowMs: number
}): number {
  if (retryAfterMs !== undefined && (outcome === 'limited' || outcome === 'failed'))
    return nowMs + retryAfterMs
  if (outcome !== 'limited') return 0
  return nowMs + Math.min(LIMITS.limitedMs * 2 ** (limitedInRow - 1), LIMITS.limitedMaxMs)
}

/** What two instances know, as one: successes are added up, the later word on the circuit counts, and so does the longer wait. */
export function joined({
  one,
  other,
  nowMs,
}: {
  one: SharedState
  other: SharedState
  nowMs: number
}): SharedState {
  return {
    success: addedUp({ one: one.success, other: other.success, nowMs }),
    paces: one.paces.map((pace, index) =>
      blendedPace({ one: pace, other: other.paces[index] ?? USUAL_PACE }),
    ),
    circuit: other.circuit.changedAtMs > one.circuit.changedAtMs ? other.circuit : one.circuit,
    waitUntilMs: Math.max(one.waitUntilMs, other.waitUntilMs),
  }
}
