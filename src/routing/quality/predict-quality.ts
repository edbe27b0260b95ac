import { shareOfOdds } from './exact-math.ts'
import type { PromptReading } from './read-prompt.ts'
import type { QualityEstimate } from './quality-view.ts'
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
  return { quality, sd: deviationOf({ priorSd: prior.sd, gate, quality }), gate, terms }
}

/** Log-odds of the model over the domains that the prompt may be of. */
function domainOf({ byDomain }: Prior, { domainChances }: PromptReading): number {
  let domain = 0
  for (let d = 0; d < domainChances.length; d += 1) domain += domainChances[d]! * byDomain[d]!
  return domain
}

/** @param priorSd in log-odds. @returns points of quality. */
export function deviationOf({
  priorSd,
  gate,
  quality,
}: {
  priorSd: number
  gate: number
  quality: number
}): number {
  const strange = (1 - gate) * STRANGE_SD
  return Math.sqrt(priorSd * priorSd + strange * strange) * quality * (1 - quality)
}
