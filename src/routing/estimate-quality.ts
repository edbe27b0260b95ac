import type { Model } from '../catalog/types.ts'
import { adjustQuality } from './feedback/adjust-quality.ts'
import type { SiteAdjustment } from './feedback/call-site-view.ts'
import type { Features } from './quality/read-features.ts'
import { boundedEstimate, type QualityEstimate, type QualityView } from './quality-view.ts'

/** What calls of the same site have shown of a model; never waits. */
export type SiteOf = (modelId: string) => SiteAdjustment

/** What estimates of one request are made from. */
export type QualityKnowledge = {
  readonly quality: QualityView
  /** Absent: priors alone. */
  readonly features?: Features | undefined
  readonly siteOf?: SiteOf | undefined
}

/** How good one model is expected to be: what is known of it, what the words add within their bound, and what its site has shown. */
export function estimateQuality(
  model: Model,
  { quality, features, siteOf }: QualityKnowledge,
): QualityEstimate {
  const estimate = boundedEstimate(quality.of({ model, features }))
  return siteOf ? adjustQuality({ estimate, adjustment: siteOf(model.id) }) : estimate
}
