import { shareOfOdds } from './exact-math.ts'
import type { PromptReading } from './read-prompt.ts'
import type { QualityEstimate } from '../quality-view.ts'
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
  let domain = 0
  if (reading && gate > 0) {
    const { domainChances } = reading
    for (let d = 0; d < domainChances.length; d += 1) domain += domainChances[d]! * prior.byDomain[d]!
  }
  const terms = { prior: prior.general + gate * (domain - prior.general), prompt: gate * promptTerm }
  const quality = shareOfOdds(terms.prior + terms.prompt)
  const strange = (1 - gate) * STRANGE_SD
  const sd = Math.sqrt(prior.sd * prior.sd + strange * strange) * quality * (1 - quality)
  return { quality, sd, gate, terms: gate === 0 ? { prior: prior.general, prompt: 0 } : terms }
}
