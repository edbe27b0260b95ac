import type { QualityColumns, QualityEstimate } from '../quality-view.ts'
import { shareOfOdds } from './exact-math.ts'
import { deviationOf } from './predict-quality.ts'
import type { PromptTerms } from './prompt-terms.ts'
import type { PromptReading } from './read-prompt.ts'
import type { Prior } from './types.ts'

/** A model as estimates see it: what no prompt changes. */
export type KnownModel = {
  readonly prior: Prior
  /** Trained heads of its own. */
  readonly heads: readonly number[]
  /** Its level of ability, by which it is moved where it has none (prompt-terms.ts). */
  readonly level: number
  /** Its estimate where there is no prompt, or one unlike anything learned. */
  readonly byPrior: QualityEstimate
}

/** The same of many models, one column each. */
export type PriorColumns = {
  readonly general: Float64Array
  /** One column for each domain. */
  readonly byDomain: readonly Float64Array[]
  readonly sd: Float64Array
  readonly level: Float64Array
  readonly heads: readonly (readonly number[])[]
  /** Of the estimate that rests on the prior alone. */
  readonly quality: Float64Array
  readonly deviation: Float64Array
}

export function columnsOfPriors(models: readonly KnownModel[]): PriorColumns {
  const column = (of: (model: KnownModel) => number) => Float64Array.from(models, of)
  const domains = Math.max(0, ...models.map(({ prior }) => prior.byDomain.length))
  return {
    general: column(({ prior }) => prior.general),
    byDomain: Array.from({ length: domains }, (_, domain) => column(({ prior }) => prior.byDomain[domain]!)),
    sd: column(({ prior }) => prior.sd),
    level: column(({ level }) => level),
    heads: models.map(({ heads }) => heads),
    quality: column(({ byPrior }) => byPrior.quality),
    deviation: column(({ byPrior }) => byPrior.sd),
  }
}

/** The estimates of models where there is no prompt to read, or it is unlike anything learned. */
export function copyPriors({ priors, into }: { priors: PriorColumns; into: QualityColumns }): void {
  into.quality.set(priors.quality)
  into.sd.set(priors.deviation)
  into.prior.set(priors.general)
}

/** What `predictQuality` says of each of many models, without an object for any: of hundreds a few are looked at. */
export function predictColumns({
  priors,
  reading,
  terms,
  promptTerms,
  into,
}: {
  priors: PriorColumns
  reading: PromptReading
  /** Of this prompt. */
  terms: Float64Array
  promptTerms: Pick<PromptTerms, 'ofModel'>
  into: QualityColumns
}): void {
  const { general, sd, level, heads } = priors
  const { gate } = reading
  addDomains({ priors, reading, into: into.prior })
  for (let index = 0; index < general.length; index += 1) {
    const odds = general[index]! + gate * (into.prior[index]! - general[index]!)
    const promptTerm = promptTerms.ofModel({ terms, reading, heads: heads[index]!, level: level[index]! })
    const quality = shareOfOdds(odds + gate * promptTerm)
    into.prior[index] = odds
    into.quality[index] = quality
    into.sd[index] = deviationOf({ priorSd: sd[index]!, gate, quality })
  }
}

/** Log-odds of every model over the domains that the prompt may be of. */
function addDomains({
  priors: { byDomain },
  reading: { domainChances },
  into,
}: {
  priors: PriorColumns
  reading: PromptReading
  into: Float64Array
}): void {
  into.fill(0)
  for (let domain = 0; domain < byDomain.length; domain += 1) {
    const odds = byDomain[domain]!
    const chance = domainChances[domain]!
    for (let index = 0; index < odds.length; index += 1) into[index] = into[index]! + chance * odds[index]!
  }
}
