import type { QualityView } from '../../routing/quality/quality-view.ts'
import type { CallSiteView } from '../../routing/feedback/call-site-view.ts'
import { isAuto } from '../../routing/plan-route.ts'
import type { RouteQuery } from '../../routing/route-query.ts'
import { explorationSeed } from './exploration-seed.ts'
import { promptFeatures } from './prompt-features.ts'
import { siteKeyOf } from './site-key.ts'
import type { ReceivedCall } from '../types.ts'

/** Where estimates of quality come from; what is absent counts as nothing known. An answer of it never waits. */
export type QualitySources = {
  readonly quality?: QualityView
  /** What calls of one site have shown. */
  readonly sites?: CallSiteView
}

/** What of a call bears on estimates. */
export type Judged = Pick<
  ReceivedCall,
  'request' | 'requestHash' | 'receivedAtMs' | 'feedback' | 'claimedPayer'
>

/**
 * What a choice may know of quality for this request. Words are read only where a model is chosen for the caller, and experience is used
 * and made only with callers that have not opted out of it. A payer that nobody has named yet has only the experience that many share.
 */
export function qualityKnowledge({
  received,
  dependencies: { quality, sites, secret },
}: {
  received: Judged
  dependencies: QualitySources & { readonly secret?: string }
}): Pick<RouteQuery, 'quality' | 'features' | 'site' | 'explorationSeed'> {
  const { request, claimedPayer, feedback } = received
  if (!quality) return {}
  if (!isAuto(request.model)) return { quality }
  const features = promptFeatures(request)
  const read = { quality, ...(features ? { features } : {}) }
  if (!sites || secret === undefined || feedback === 'off') return read
  const siteKey = siteKeyOf({ request, payer: claimedPayer, secret })
  return {
    ...read,
    site: sites.of(siteKey),
    explorationSeed: explorationSeed(received),
  }
}
