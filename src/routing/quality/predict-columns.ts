import type { QualityColumns, QualityEstimate } from './quality-view.ts'
import { shareOfOdds } from './exact-math.ts'
import { deviationOf } from './predict-quality.ts'
import { addedAtLevel, type AddedByPrompt, type PromptTerms } from './prompt-terms.ts'
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
  /** The few that have heads of their own. */
  readonly headed: readonly { readonly index: number; readonly heads: readonly number[] }[]
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
    headed: models.flatMap(({ heads }, index) => (heads.length > 0 ? [{ index, heads }] : [])),
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
  added,
  promptTerms,
  into,
}: {
  priors: PriorColumns
  reading: PromptReading
  added: AddedByPrompt
  promptTerms: Pick<PromptTerms, 'atHeads'>
  into: QualityColumns
}): void {
  const { general, sd, level, headed } = priors
  const { gate } = reading
  // Each of these columns holds a part of the estimate until its own number is written over it.
  const domainOdds = into.prior
  const promptTerm = into.quality
  addDomains({ priors, reading, into: domainOdds })
  for (let index = 0; index < general.length; index += 1)
    promptTerm[index] = addedAtLevel(added.byLevel, level[index]!)
  for (const { index, heads } of headed) promptTerm[index] = promptTerms.atHeads({ added, reading, heads })
  for (let index = 0; index < general.length; index += 1) {
    const odds = general[index]! + gate * (domainOdds[index]! - general[index]!)
    const quality = shareOfOdds(odds + gate * promptTerm[index]!)
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
