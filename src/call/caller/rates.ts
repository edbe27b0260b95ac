import { inputTokens, outputTokens } from '../../chat/usage.ts'
import { rateHeaders } from '../../governance/rates/rate-headers.ts'
import { rateRefusal } from '../../governance/rates/take-rates.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { RateLimit } from '../admin-ports.ts'
import type { CallDependencies } from '../dependencies.ts'
import type { FinishedCall, PlannedCall } from '../types.ts'
import { alertRateLimited } from '../alerts/refusal-alerts.ts'

/** One call's share of its rates. */
export type TakenRates = {
  /** OpenAI's `x-ratelimit-*`, for every answer. */
  readonly headers: Readonly<Record<string, string>>
  /** Gives back its place, and the tokens that it did not use; of a call that was not served all of them. Nobody waits for it. */
  readonly end: (finished?: FinishedCall) => void
}

const NONE: TakenRates = { headers: {}, end: () => undefined }

const boundTokens = ({ inputBoundTokens, outputCap, request }: PlannedCall): number =>
  inputBoundTokens + outputCap * request.choices

/**
 * Takes one call's share of every rate that binds its caller, or of none. What a crash takes along comes back by itself: tokens and requests
 * within a minute, a place by the longest time of a call.
 *
 * @throws TurnpikeError `rate_limit_exceeded` with Retry-After, `request_above_rate`.
 */
export async function takeCallRates({
  planned,
  dependencies,
}: {
  planned: PlannedCall
  dependencies: Pick<CallDependencies, 'governed' | 'clock'>
}): Promise<TakenRates> {
  const { caller, callId } = planned
  const { governed, clock } = dependencies
  const limits = (caller?.rules.rates ?? []).filter(({ place }) =>
    caller?.attribution.some(({ level, id }) => level === place.level && id === place.id),
  )
  if (limits.length === 0) return NONE
  const nowMs = clock.nowMs()
  const tokens = boundTokens(planned)
  const taken = await governed.rates.take({
    callId,
    limits,
    amounts: { requests: 1, tokens },
    nowMs,
    untilMs: nowMs + LIMITS.callSeconds * 1_000,
  })
  const { binding, verdicts } = taken
  if (binding) {
    alertRateLimited({ call: planned, binding, limits, dependencies })
    throw rateRefusal({ binding, verdicts })
  }
  return {
    headers: rateHeaders(verdicts),
    end: (finished) => {
      const used = finished ? inputTokens(finished.capture.usage) + outputTokens(finished.capture.usage) : 0
      const unusedTokens = Math.max(0, tokens - used)
      void endDurably({ callId, limits, unusedTokens, dependencies })
    },
  }
}

/** Pauses between tries: a place that is not given back is gone until the longest time of a call. */
const AGAIN_MS = [0, 1_000, 5_000, 30_000] as const

async function endDurably({
  dependencies: { governed, clock },
  ...ended
}: {
  callId: string
  limits: readonly RateLimit[]
  unusedTokens: number
  dependencies: Pick<CallDependencies, 'governed' | 'clock'>
}): Promise<void> {
  for (const pauseMs of AGAIN_MS) {
    if (pauseMs > 0) await clock.sleepAside(pauseMs)
    const isEnded = await governed.rates.end({ ...ended, nowMs: clock.nowMs() }).then(
      () => true,
      () => false,
    )
    if (isEnded) return
  }
}
