import type { QualityEstimate } from '../quality/quality-view.ts'
import type { SiteAdjustment } from './call-site-view.ts'

/** Nothing is certain, and the log-odds of certainty are without bound. */
const LEAST = 1e-4

/**
 * An estimate of quality with what a call site adds to it, which is told among its terms. Where nothing is known of the site it is as before.
 *
 * @example adjustQuality({ estimate, adjustment: { logOdds: -1, sd: 0, samples: 60 } }).quality // 0.6, of 0.8
 */
export function adjustQuality({
  estimate,
  adjustment: { logOdds, sd: siteSd, samples },
}: {
  estimate: QualityEstimate
  adjustment: SiteAdjustment
}): QualityEstimate {
  if (samples === 0 && logOdds === 0) return estimate
  const { quality, sd, terms } = estimate
  if (logOdds === 0 && siteSd === 0) return { ...estimate, samples }
  const known = Math.min(1 - LEAST, Math.max(LEAST, quality))
  const adjusted = 1 / (1 + Math.exp(-(Math.log(known / (1 - known)) + logOdds)))
  // A small step in log-odds is q (1 - q) of it in points of quality.
  const own = adjusted * (1 - adjusted) * siteSd
  return {
    ...estimate,
    quality: adjusted,
    sd: Math.hypot(sd, own),
    terms: { ...terms, site: logOdds },
    samples,
  }
}
