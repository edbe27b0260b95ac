import { shareOfOdds } from './exact-math.ts'
import type { PromptReading } from './read-prompt.ts'
import type { QualityColumns, QualityEstimate } from '../quality-view.ts'
import type { Prior } from './types.ts'

/** What a prompt that nothing resembles leaves unsure, in log-odds. */
const STRANGE_SD = 0.3

/**
 * The estimate of one model for one prompt: log-odds of a prior and of what the prompt adds. Outside the training domain the
 * gate takes the prompt's part away, and its domain with it, so that the general prior alone is left.
 *
 * @param promptTerm in log-odds, bounded; ignored without a reading.
 * @example predictQuality({ prior, reading, promptTerm: 0.4 }).terms // { prior: 1.1, prompt: 0.4 * gate }
 */
export function predictQuality({
  prior,
  reading,
  promptTerm = 0,
}: {
  prior: Prior
  reading?: PromptReading
  promptTerm?: number
}): QualityEstimate {
  const gate = reading?.gate ?? 0
  const own = reading && gate > 0 ? gate * (domainOf(prior, reading) - prior.general) : 0
  const terms = { prior: prior.general + own, prompt: gate * promptTerm }
  const quality = shareOfOdds(terms.prior + terms.prompt)
  return { quality, sd: deviationOf(prior, gate, quality), gate, terms }
}

/** The same numbers without an object: for hundreds of models, of which a few are looked at. */
export function predictInto({
  prior,
  reading,
  promptTerm,
  into,
  index,
}: {
  prior: Prior
  reading: PromptReading
  promptTerm: number
  into: QualityColumns
  index: number
}): void {
  const { gate } = reading
  const odds = prior.general + gate * (domainOf(prior, reading) - prior.general)
  const quality = shareOfOdds(odds + gate * promptTerm)
  into.quality[index] = quality
  into.sd[index] = deviationOf(prior, gate, quality)
  into.prior[index] = odds
}

/** Log-odds of the model over the domains that the prompt may be of. */
function domainOf({ byDomain }: Prior, { domainChances }: PromptReading): number {
  let domain = 0
  for (let d = 0; d < domainChances.length; d += 1) domain += domainChances[d]! * byDomain[d]!
  return domain
}

function deviationOf({ sd }: Prior, gate: number, quality: number): number {
  const strange = (1 - gate) * STRANGE_SD
  return Math.sqrt(sd * sd + strange * strange) * quality * (1 - quality)
}
