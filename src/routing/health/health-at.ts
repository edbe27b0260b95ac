import { LIMITS } from '../../lib/limits.ts'
import { circuitStateAt } from './circuit.ts'
import { addedUp, NO_SUCCESS, samplesIn, successShare } from './decayed-success.ts'
import type { EndpointHealth } from './endpoint-health.ts'
import type { EndpointState, SharedState } from './endpoint-state.ts'
import { blendedPace, nearestPace, sizeClassOf } from './pace.ts'

/** Below this share of the allowance an endpoint is worth less, down to nothing. */
const TIGHT_SHARE = 0.1

const headroomAt = ({
  headroom: { share, untilMs },
  nowMs,
}: {
  headroom: EndpointState['headroom']
  nowMs: number
}) => (nowMs >= untilMs ? 1 : Math.min(1, Math.max(0, share) / TIGHT_SHARE))

/** When it may be asked again; 0 for now. */
export function retryAtOf({ state, nowMs }: { state: SharedState; nowMs: number }): number {
  const openUntilMs =
    circuitStateAt({ circuit: state.circuit, nowMs }) === 'open' ? state.circuit.openUntilMs : 0
  const retryAtMs = Math.max(openUntilMs, state.waitUntilMs)
  return retryAtMs > nowMs ? retryAtMs : 0
}

/** @param others what the other instances have told, already added up; their circuits and waits are in `state` since they were read. */
export function healthAt({
  state,
  others,
  inputTokens,
  nowMs,
}: {
  state: EndpointState
  others?: SharedState | undefined
  inputTokens: number
  nowMs: number
}): EndpointHealth {
  const success = addedUp({ one: state.success, other: others?.success ?? NO_SUCCESS, nowMs })
  const sizeClass = sizeClassOf(inputTokens)
  const own = nearestPace({ paces: state.paces, sizeClass })
  const pace = others
    ? blendedPace({ one: own, other: nearestPace({ paces: others.paces, sizeClass }) })
    : own
  const retryAtMs = retryAtOf({ state, nowMs })
  const isWaiting = retryAtMs > 0
  return {
    firstTokenMs: pace.firstTokenMs,
    tokensPerSecond: pace.tokensPerSecond,
    availability: isWaiting ? 0 : successShare(success) * headroomAt({ headroom: state.headroom, nowMs }),
    circuit: circuitStateAt({ circuit: state.circuit, nowMs }),
    ...(isWaiting ? { retryAtMs } : {}),
    samples: samplesIn(success),
  }
}

/**
 * Until when the health of a moment may stand for the ones after it, if nothing happens: to the unit for a wait, an open circuit and a
 * tight allowance, and within a hundredth for what is forgotten of successes.
 */
export function holdsUntilMs({ state, nowMs }: { state: EndpointState; nowMs: number }): number {
  const ends = [retryAtOf({ state, nowMs }), state.headroom.untilMs].filter((endMs) => endMs > nowMs)
  return Math.min(nowMs + LIMITS.healthHoldsMs, ...ends)
}
