import type { AttemptOutcome } from '../call/outbox-ports.ts'
import { LIMITS } from '../lib/limits.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** From one attempt to the next: ten attempts, the last of them about four days after the first (Standard Webhooks). */
export const RETRY_DELAYS_MS: readonly number[] = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
]

/** How far a delay may be from its figure, either way, so that receivers that were away are not met by all at once. */
const JITTER = 0.1

const THROTTLES: ReadonlySet<number> = new Set([429, 502, 504])
const GONE = 410

export type AttemptResult =
  | { readonly status: number; readonly retryAfter?: string }
  | { readonly errorCode: string }

/** Milliseconds until a `Retry-After` (seconds or an HTTP date), up to a day; undefined where it says nothing. */
export function retryAfterMs({
  retryAfter,
  nowMs,
}: {
  retryAfter: string | undefined
  nowMs: number
}): number | undefined {
  if (retryAfter === undefined) return undefined
  const text = retryAfter.trim()
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * SECOND_MS : Date.parse(text) - nowMs
  return Number.isNaN(ms) || ms <= 0 ? undefined : Math.min(ms, LIMITS.webhookHoldMs)
}

/**
 * What follows from an attempt: 2xx has taken it; 410 wants no more; all else, redirects included, is tried again after the schedule, or
 * later where a 429, 502 or 504 says when, and given up after the tenth.
 *
 * @param attempts made so far, this one included.
 * @param random from 0 to 1.
 */
export function judgeAttempt({
  result,
  attempts,
  nowMs,
  random,
}: {
  result: AttemptResult
  attempts: number
  nowMs: number
  random: number
}): AttemptOutcome {
  const facts = 'status' in result ? { status: result.status } : { errorCode: result.errorCode }
  if ('status' in result && result.status >= 200 && result.status < 300)
    return { kind: 'delivered', ...facts }
  if ('status' in result && result.status === GONE) return { kind: 'gone', ...facts }
  const delayMs = RETRY_DELAYS_MS[attempts - 1]
  if (delayMs === undefined) return { kind: 'dead', ...facts }
  const nextAtMs = nowMs + delayMs * (1 - JITTER + 2 * JITTER * random)
  const holdMs =
    'status' in result && THROTTLES.has(result.status)
      ? retryAfterMs({ retryAfter: result.retryAfter, nowMs })
      : undefined
  if (holdMs === undefined) return { kind: 'again', nextAtMs, ...facts }
  return { kind: 'again', nextAtMs: Math.max(nextAtMs, nowMs + holdMs), holdsAll: true, ...facts }
}
