/**
 * Rates as GCRA, the leaky bucket in one number (ITU-T I.371): the moment at which the bucket is full again. Integers throughout: nanoseconds as
 * bigint, and the time that one unit takes is rounded up, so a rate is never above its limit; it may be a unit in sixty billion below.
 */
export type RateState = { readonly fullAgainNs: bigint }

export type RateVerdict = {
  /** never: the amount is larger than what the bucket holds when it is full; waiting does not help. */
  readonly kind: 'admitted' | 'limited' | 'never'
  readonly perMinute: number
  /** What may be taken at once after this, or now where it was not admitted. */
  readonly remaining: number
  /** Until the bucket is full again. */
  readonly resetMs: number
  /** Until the same amount would be admitted; 0 where it was, or never will be. */
  readonly retryAfterMs: number
}

export type RateStep = { readonly state: RateState; readonly verdict: RateVerdict }

const MINUTE_NS = 60_000_000_000n
const MS_NS = 1_000_000n

const ceilMs = (ns: bigint): number => Number((ns + MS_NS - 1n) / MS_NS)

/** The time in which one unit comes back. */
const unitNs = (perMinute: number): bigint => (MINUTE_NS + BigInt(perMinute) - 1n) / BigInt(perMinute)

/**
 * Takes an amount, or leaves the state as it is. A full bucket holds what may be taken in a minute, all of it at once; it fills
 * evenly, so within any minute at most twice the limit goes through, and in the long run the limit.
 *
 * @param state absent: nothing was taken for a long time.
 * @param perMinute a whole number; 0: nothing goes through.
 * @param nowMs a clock that jumps back finds the bucket empty at worst, so nobody waits longer than a minute for it.
 * @example takeRate({ perMinute: 60, amount: 1, nowMs }).verdict.remaining // 59
 */
export function takeRate({
  state,
  perMinute,
  amount,
  nowMs,
}: {
  state?: RateState | undefined
  perMinute: number
  amount: number
  nowMs: number
}): RateStep {
  const nowNs = BigInt(Math.floor(nowMs)) * MS_NS
  if (perMinute <= 0) {
    const kind = amount > 0 ? 'never' : 'admitted'
    const verdict = { kind, perMinute, remaining: 0, resetMs: 0, retryAfterMs: 0 } as const
    return { state: state ?? { fullAgainNs: nowNs }, verdict }
  }
  const unit = unitNs(perMinute)
  const emptyNs = nowNs + unit * BigInt(perMinute)
  const fullAgainNs = within({ value: state?.fullAgainNs ?? nowNs, from: nowNs, to: emptyNs })
  const wantedNs = fullAgainNs + unit * BigInt(amount)
  const isAdmitted = wantedNs <= emptyNs
  const nextNs = isAdmitted ? wantedNs : fullAgainNs
  const isNever = amount > perMinute
  return {
    state: { fullAgainNs: nextNs },
    verdict: {
      kind: isAdmitted ? 'admitted' : isNever ? 'never' : 'limited',
      perMinute,
      remaining: Number((emptyNs - nextNs) / unit),
      resetMs: ceilMs(nextNs - nowNs),
      retryAfterMs: isAdmitted || isNever ? 0 : ceilMs(wantedNs - emptyNs),
    },
  }
}

const within = ({ value, from, to }: { value: bigint; from: bigint; to: bigint }): bigint =>
  value < from ? from : value > to ? to : value

/** Gives back what was taken and not used, e.g. of an estimate of tokens. More than a full bucket does not come of it. */
export const giveBackRate = ({
  state: { fullAgainNs },
  perMinute,
  amount,
}: {
  state: RateState
  perMinute: number
  amount: number
}): RateState => ({
  fullAgainNs: perMinute <= 0 ? fullAgainNs : fullAgainNs - unitNs(perMinute) * BigInt(amount),
})
