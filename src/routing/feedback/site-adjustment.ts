import { NO_ADJUSTMENT, type SiteAdjustment } from './call-site-view.ts'
import type { Counters } from './counters.ts'

/** What payers have seen of one model at one call site, one vote each, by the server's eyes alone. */
export type SharedShare = {
  readonly payers: number
  /** Mean of the payers' shares of good answers. */
  readonly share: number
}

/** Share of answers without a visible fault where nothing is known, and the calls that this is worth. */
const USUAL_SHARE = 0.92
const REFERENCE_CALLS = 20
/** Calls that an estimate is held back by. */
const PRIOR_CALLS = 40
/** Fewer calls say nothing, and fewer payers nothing to others. */
const MIN_SAMPLES = 10
export const MIN_SHARED_PAYERS = 20
/** A fault is seen, merit only guessed from the absence of faults: so a model can lose more than it can gain. */
const MOST_DOWN = -1
const MOST_UP = 0.5
/** Others' experience moves less than one's own. */
const MOST_SHARED = 0.25

const logit = (share: number): number => Math.log(share / (1 - share))
const within = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value))

type Mass = { readonly good: number; readonly bad: number }

/** Words count for no more than what was seen of the same model: whoever only talks is not heard. */
function massOf({ seenGood, seenBad, toldGood, toldBad }: Counters): Mass {
  const told = toldGood + toldBad
  const heard = told === 0 ? 0 : Math.min(1, (seenGood + seenBad) / told)
  return { good: seenGood + toldGood * heard, bad: seenBad + toldBad * heard }
}

/** The share that a model is held against: the usual one, moved by what the other models show at this site. */
function referenceOf(others: readonly Counters[]): number {
  let good = USUAL_SHARE * REFERENCE_CALLS
  let all = REFERENCE_CALLS
  for (const one of others) {
    const mass = massOf(one)
    good += mass.good
    all += mass.good + mass.bad
  }
  return within(good / all, 0.05, 0.98)
}

/**
 * The adjustment of one model at one call site: the log-odds of its share of good answers, held back by 40 calls, less those of the
 * share that is usual there. A site at which every model fails moves none of them.
 *
 * @param own the payer's counters of this model, decayed to now; absent where there are none.
 * @param others the same payer's, of other models at this site.
 * @param shared of many payers; used only where the payer's own are too few.
 * @example siteAdjustment({ own: undefined, others: [] }) // { logOdds: 0, sd: 0, samples: 0 }
 */
export function siteAdjustment({
  own,
  others,
  shared,
}: {
  own: Counters | undefined
  others: readonly Counters[]
  shared?: SharedShare | undefined
}): SiteAdjustment {
  if (!own || own.samples < MIN_SAMPLES) return sharedAdjustment(shared, own?.samples ?? 0)
  const { good, bad } = massOf(own)
  const reference = referenceOf(others)
  const forIt = good + PRIOR_CALLS * reference
  const against = bad + PRIOR_CALLS * (1 - reference)
  const evidence = good + bad
  return {
    logOdds: within(Math.log(forIt / against) - logit(reference), MOST_DOWN, MOST_UP),
    sd: (evidence / (evidence + PRIOR_CALLS)) * Math.sqrt(1 / forIt + 1 / against),
    samples: own.samples,
  }
}

function sharedAdjustment(shared: SharedShare | undefined, samples: number): SiteAdjustment {
  if (!shared || shared.payers < MIN_SHARED_PAYERS) return { ...NO_ADJUSTMENT, samples }
  const share = within(shared.share, 0.02, 0.98)
  return {
    logOdds: within(logit(share) - logit(USUAL_SHARE), -MOST_SHARED, MOST_SHARED),
    sd: MOST_SHARED / Math.sqrt(shared.payers / MIN_SHARED_PAYERS),
    samples,
  }
}
