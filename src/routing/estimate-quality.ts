import type { Model } from '../catalog/types.ts'
import { adjustQuality, isMoved } from './feedback/adjust-quality.ts'
import type { SiteOf } from './feedback/call-site-view.ts'
import type { Features } from './quality/read-features.ts'
import {
  boundedEstimate,
  type QualityColumns,
  type QualityEstimate,
  type QualityView,
} from './quality-view.ts'

/** What estimates of one request are made from. */
export type QualityKnowledge = {
  readonly quality: QualityView
  /** Absent: priors alone. */
  readonly features?: Features | undefined
  readonly siteOf?: SiteOf | undefined
}

/**
 * How good each of some models is expected to be, as numbers: what {@link estimateQuality} says of it.
 *
 * @param into columns with an entry for each of the models, or more.
 */
export function estimateColumns({
  models,
  knowledge,
  into,
}: {
  models: readonly Model[]
  knowledge: QualityKnowledge
  into: QualityColumns
}): void {
  const { quality: view, features, siteOf } = knowledge
  view.ofAll?.({ models, features, into })
  if (view.ofAll && !siteOf) return
  for (const [index, model] of models.entries()) {
    if (view.ofAll && !(siteOf && isMoved(siteOf(model.id)))) continue
    const { quality, sd, terms } = estimateQuality(model, knowledge)
    into.quality[index] = quality
    into.sd[index] = sd
    into.prior[index] = terms.prior
  }
}

/** How good one model is expected to be: what is known of it, what the words add within their bound, and what its site has shown. */
export function estimateQuality(
  model: Model,
  { quality, features, siteOf }: QualityKnowledge,
): QualityEstimate {
  const estimate = boundedEstimate(quality.of({ model, features }))
  return siteOf ? adjustQuality({ estimate, adjustment: siteOf(model.id) }) : estimate
}
