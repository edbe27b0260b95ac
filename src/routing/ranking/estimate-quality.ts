import type { Model } from '../../catalog/types.ts'
import type { Shelf } from '../table/endpoint-table.ts'
import { adjustQuality } from '../feedback/adjust-quality.ts'
import { type CallSite, UNKNOWN_SITE } from '../feedback/call-site-view.ts'
import type { Features } from '../quality/read-features.ts'
import {
  boundedEstimate,
  type QualityColumns,
  type QualityEstimate,
  type QualityView,
} from '../quality/quality-view.ts'

/** What estimates of one request are made from. */
export type QualityKnowledge = {
  readonly quality: QualityView
  /** Absent: priors alone. */
  readonly features?: Features | undefined
  readonly site?: CallSite | undefined
}

/**
 * How good each of some models is expected to be, as numbers: what {@link estimateQuality} says of it.
 *
 * @param into columns with an entry for each of the models, or more.
 */
export function estimateColumns({
  shelf: { models, groupById },
  knowledge,
  into,
}: {
  shelf: Pick<Shelf, 'models' | 'groupById'>
  knowledge: QualityKnowledge
  into: QualityColumns
}): void {
  const { quality: view, features, site = UNKNOWN_SITE } = knowledge
  const put = (index: number): void => {
    const { quality, sd, terms } = estimateQuality(models[index]!, knowledge)
    into.quality[index] = quality
    into.sd[index] = sd
    into.prior[index] = terms.prior
  }
  if (!view.ofAll) {
    for (let index = 0; index < models.length; index += 1) put(index)
    return
  }
  view.ofAll({ models, features, into })
  for (const modelId of site.keys()) {
    const index = groupById.get(modelId)
    if (index !== undefined) put(index)
  }
}

/** How good one model is expected to be: what is known of it, what the words add within their bound, and what its site has shown. */
export function estimateQuality(
  model: Model,
  { quality, features, site }: QualityKnowledge,
): QualityEstimate {
  const estimate = boundedEstimate(quality.of({ model, features }))
  const adjustment = site?.get(model.id)
  return adjustment ? adjustQuality({ estimate, adjustment }) : estimate
}
