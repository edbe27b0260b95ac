import type { RateVerdict } from './gcra.ts'

type Measured = RateVerdict & { readonly metric: 'requests' | 'tokens' }

/**
 * A time as OpenAI writes it in `x-ratelimit-reset-*`, which is Go's.
 *
 * @example shortDuration(360_000) // '6m0s'
 * @example shortDuration(8_640) // '8.64s'
 * @example shortDuration(17) // '17ms'
 */
export function shortDuration(ms: number): string {
  if (ms < 1_000) return `${ms}ms`
  const minutes = Math.floor(ms / 60_000)
  const seconds = `${(ms % 60_000) / 1_000}s`
  if (minutes === 0) return seconds
  return minutes < 60 ? `${minutes}m${seconds}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`
}

/** Of several limits the one that will be felt first. */
const tightest = (verdicts: readonly Measured[]): Measured | undefined =>
  verdicts.reduce<Measured | undefined>(
    (least, one) =>
      !least ||
      one.remaining < least.remaining ||
      (one.remaining === least.remaining && one.resetMs > least.resetMs)
        ? one
        : least,
    undefined,
  )

/**
 * OpenAI's headers: limit, what remains, and when all of it is there again, for requests and tokens; of nested limits the tightest. They
 * belong to every answer, also to good ones.
 */
export function rateHeaders(verdicts: readonly Measured[]): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {}
  for (const metric of ['requests', 'tokens'] as const) {
    const verdict = tightest(verdicts.filter((one) => one.metric === metric))
    if (!verdict) continue
    headers[`x-ratelimit-limit-${metric}`] = String(verdict.perMinute)
    headers[`x-ratelimit-remaining-${metric}`] = String(verdict.remaining)
    headers[`x-ratelimit-reset-${metric}`] = shortDuration(verdict.resetMs)
  }
  return headers
}
