import { LIMITS } from '../../lib/limits.ts'
import { fail, ok, type Verdict, warn } from './verdict.ts'

/** Somebody else's time, and ours when it came. Milliseconds since 1970. */
export type ClockSight = {
  readonly source: string
  /** A block is older than the moment at which it is seen; a `Date` header is of that moment, cut to the second. */
  readonly kind: 'date' | 'block'
  readonly theirsMs: number
  readonly oursMs: number
}

const HALF_SECOND_MS = 500

/** Signatures carry times that both sides hold to: a clock that is off refuses payments that are good. */
export function judgeClock({ sights }: { sights: readonly ClockSight[] }): Verdict {
  const name = 'clock'
  const fix = 'Set the clock of this machine by NTP.'
  const future = sights.find(
    ({ kind, theirsMs, oursMs }) => kind === 'block' && theirsMs - oursMs > LIMITS.clockSkewMs,
  )
  if (future) {
    const seen = `this machine is at least ${seconds(future.theirsMs - future.oursMs)} behind: ${future.source} has a later block.`
    return fail({ name, seen, fix })
  }
  const skews = sights
    .filter(({ kind }) => kind === 'date')
    .map(({ source, theirsMs, oursMs }) => ({ source, skewMs: oursMs - theirsMs - HALF_SECOND_MS }))
    .toSorted((a, b) => Math.abs(a.skewMs) - Math.abs(b.skewMs))
  const [nearest, farthest] = [skews[0], skews.at(-1)]
  if (!nearest || !farthest) {
    return warn({
      name,
      seen: 'no provider told the time, so it was held against blocks alone.',
      fix: 'Compare this machine with NTP by hand.',
    })
  }
  // A single header may come from a cache; a clock is wrong where nobody agrees with it.
  if (Math.abs(nearest.skewMs) > LIMITS.clockSkewMs) {
    return fail({ name, seen: `this machine is ${offBy(nearest)}.`, fix })
  }
  if (Math.abs(farthest.skewMs) > LIMITS.clockSkewMs) {
    return warn({
      name,
      seen: `this machine is ${offBy(farthest)}, but agrees with ${nearest.source}.`,
      fix: `Find out what stands between here and ${farthest.source}: its time is not of this moment.`,
    })
  }
  return ok(
    name,
    `within ${seconds(Math.abs(farthest.skewMs) + HALF_SECOND_MS)} of ${skews.map(({ source }) => source).join(', ')}`,
  )
}

const offBy = ({ source, skewMs }: { source: string; skewMs: number }) =>
  `${seconds(Math.abs(skewMs))} ${skewMs < 0 ? 'behind' : 'ahead of'} ${source}`

const seconds = (durationMs: number) => `${Math.ceil(durationMs / 1_000)} s`
