import { adjustQuality } from './adjust-quality.ts'
import type { CallSiteView, SiteAdjustment } from './call-site-view.ts'

/** What an estimate of quality has to have, whoever makes it. */
type Estimate = { readonly quality: number; readonly sd: number }

/**
 * Estimates of quality with what a call site adds to them. Where nothing is known of the site they are as before.
 *
 * @returns a view of the same shape, whose estimates also say the site's part (`site`), so that an explanation can show it.
 */
export const sitedQuality = <Query extends { readonly model: { readonly id: string } }, Of extends Estimate>({
  view,
  sites,
  siteKey,
}: {
  view: { readonly of: (query: Query) => Of }
  sites: CallSiteView
  siteKey: string
}): { readonly of: (query: Query) => Of & { readonly site: SiteAdjustment } } => ({
  of(query) {
    const estimate = view.of(query)
    const site = sites.of({ siteKey, modelId: query.model.id })
    return { ...estimate, ...adjustQuality({ ...estimate, adjustment: site }), site }
  },
})
