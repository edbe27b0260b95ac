/** What experience at a call site adds to the log-odds of a model's quality. */
export type SiteAdjustment = {
  /** From -1 to 0.5; 0 while too little is known. */
  readonly logOdds: number
  /** How far that may be off. */
  readonly sd: number
  /** Calls that it rests on, decayed. */
  readonly samples: number
}

export const NO_ADJUSTMENT: SiteAdjustment = { logOdds: 0, sd: 0, samples: 0 }

/** What calls of one site have shown, by model: nothing of those that are not in it. */
export type CallSite = ReadonlyMap<string, SiteAdjustment>

export const UNKNOWN_SITE: CallSite = new Map()

/** What routing asks of the counters. Never waits: what is not at hand counts as nothing known. */
export type CallSiteView = {
  /** @param siteKey the call site, and whose (call/plan/site-key). */
  readonly of: (siteKey: string) => CallSite
}
