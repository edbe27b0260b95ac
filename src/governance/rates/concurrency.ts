/** A call under way, and until when it is believed to be: a crash must not take a place for ever. */
export type Lease = { readonly id: string; readonly untilMs: number }

/** What is known of a limit on calls at once after a try. */
export type ConcurrencyStep = {
  readonly isAdmitted: boolean
  readonly leases: readonly Lease[]
  /** Until the first of the others must have ended, where there was no place. */
  readonly retryAfterMs: number
}

/**
 * Enters a call among those under way, or finds no place. A call that is there already is there once.
 *
 * @param untilMs its latest end.
 */
export function enter({
  leases,
  limit,
  id,
  nowMs,
  untilMs,
}: {
  leases: readonly Lease[]
  limit: number
  id: string
  nowMs: number
  untilMs: number
}): ConcurrencyStep {
  const living = leases.filter((lease) => lease.untilMs > nowMs)
  if (living.some((lease) => lease.id === id)) return { isAdmitted: true, leases: living, retryAfterMs: 0 }
  if (living.length < limit)
    return { isAdmitted: true, leases: [...living, { id, untilMs }], retryAfterMs: 0 }
  const soonestMs = living.reduce((soonest, lease) => Math.min(soonest, lease.untilMs), untilMs)
  return { isAdmitted: false, leases: living, retryAfterMs: soonestMs - nowMs }
}

/** Lets a call go. One that has gone already changes nothing. */
export const leave = ({ leases, id }: { leases: readonly Lease[]; id: string }): readonly Lease[] =>
  leases.filter((lease) => lease.id !== id)
