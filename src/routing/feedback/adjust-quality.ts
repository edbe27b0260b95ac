import type { SiteAdjustment } from './call-site-view.ts'

/** Nothing is certain, and the log-odds of certainty are without bound. */
const LEAST = 1e-4

/**
 * A quality estimate with what a call site adds to it.
 *
 * @param quality from 0 to 1, and its standard deviation in the same points.
 * @example adjustQuality({ quality: 0.8, sd: 0.05, adjustment: { logOdds: -1, sd: 0, samples: 60 } }) // quality about 0.6
 */
export function adjustQuality({
  quality,
  sd,
  adjustment,
}: {
  quality: number
  sd: number
  adjustment: SiteAdjustment
}): { readonly quality: number; readonly sd: number } {
  if (adjustment.logOdds === 0 && adjustment.sd === 0) return { quality, sd }
  const known = Math.min(1 - LEAST, Math.max(LEAST, quality))
  const adjusted = 1 / (1 + Math.exp(-(Math.log(known / (1 - known)) + adjustment.logOdds)))
  // A small step in log-odds is q (1 - q) of it in points of quality.
  const own = adjusted * (1 - adjusted) * adjustment.sd
  return { quality: adjusted, sd: Math.hypot(sd, own) }
}
