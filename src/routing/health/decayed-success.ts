import { LIMITS } from '../../lib/limits.ts'

/** Successes and failures, each worth half after every half-life. */
export type DecayedSuccess = { readonly successes: number; readonly failures: number; readonly atMs: number }

export const NO_SUCCESS: DecayedSuccess = { successes: 0, failures: 0, atMs: 0 }

/** What is believed of an endpoint that nobody has asked lately: 99 in 100, as firmly as ten observations. */
const PRIOR_SUCCESSES = 9.9
const PRIOR_TRIES = 10

export function decayTo({ success, nowMs }: { success: DecayedSuccess; nowMs: number }): DecayedSuccess {
  const ageMs = nowMs - success.atMs
  if (ageMs <= 0) return success
  const factor = 2 ** (-ageMs / LIMITS.healthHalfLifeMs)
  return { successes: success.successes * factor, failures: success.failures * factor, atMs: nowMs }
}

export function withOutcome({
  success,
  isSuccess,
  nowMs,
}: {
  success: DecayedSuccess
  isSuccess: boolean
  nowMs: number
}): DecayedSuccess {
  const now = decayTo({ success, nowMs })
  return isSuccess ? { ...now, successes: now.successes + 1 } : { ...now, failures: now.failures + 1 }
}

/** Both together, as of now. */
export function addedUp({
  one,
  other,
  nowMs,
}: {
  one: DecayedSuccess
  other: DecayedSuccess
  nowMs: number
}): DecayedSuccess {
  const a = decayTo({ success: one, nowMs })
  const b = decayTo({ success: other, nowMs })
  return { successes: a.successes + b.successes, failures: a.failures + b.failures, atMs: nowMs }
}

export const samplesIn = ({ successes, failures }: DecayedSuccess): number => successes + failures

/** From 0 to 1: the mean of a Beta distribution that begins at the prior and goes back to it as observations grow old. */
export const successShare = ({ successes, failures }: DecayedSuccess): number =>
  (successes + PRIOR_SUCCESSES) / (successes + failures + PRIOR_TRIES)

/** Whether it fails more often than not, with enough seen to say so. */
export const isMostlyFailing = ({ successes, failures }: DecayedSuccess): boolean =>
  successes + failures >= LIMITS.circuitSamples && failures > successes
