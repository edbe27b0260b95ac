import { expect, test } from 'vitest'
import { LIMITS } from '../../../../src/lib/limits.ts'
import { adjustQuality } from '../../../../src/routing/feedback/adjust-quality.ts'
import { NO_ADJUSTMENT, type SiteAdjustment } from '../../../../src/routing/feedback/call-site-view.ts'
import { type Counters, decayedTo, decayOver } from '../../../../src/routing/feedback/counters.ts'
import { SEEN_WEIGHTS, seenEvidence, wordEvidence } from '../../../../src/routing/feedback/signals.ts'
import { siteAdjustment } from '../../../../src/routing/feedback/site-adjustment.ts'
import { shareOf } from '../../../../src/routing/quality/quality-view.ts'

const counters = (over: Partial<Counters> = {}): Counters => ({
  samples: 0,
  seenGood: 0,
  seenBad: 0,
  toldGood: 0,
  toldBad: 0,
  atMs: 0,
  ...over,
})
const seen = (calls: number, share: number) =>
  counters({ samples: calls, seenGood: calls * share, seenBad: calls * (1 - share) })

test('several signs of one fault are one fault, and a fault is no merit', () => {
  expect(seenEvidence(['answered', 'length', 'schema_failed'])).toEqual({ good: 0, bad: 1 })
  expect(seenEvidence(['answered', 'satisfied'])).toEqual({ good: 1, bad: 0 })
  expect(seenEvidence(['answered'])).toEqual({ good: 0.25, bad: 0 })
  expect(seenEvidence([])).toEqual({ good: 0, bad: 0 })
})

test("a payer's word weighs less than what the server is sure of, and without a signature less again", () => {
  const signed = wordEvidence({ score: 0, proof: 'signed' })
  const held = wordEvidence({ score: 0, proof: 'held' })
  expect(signed.bad).toBeLessThan(SEEN_WEIGHTS.schema_failed.bad)
  expect(held.bad).toBeLessThan(signed.bad)
  const half = wordEvidence({ score: 0.5, proof: 'signed' })
  expect(half.good).toBe(half.bad)
})

test('sums halve in two weeks, and time does not run backwards', () => {
  const { samples, seenGood, atMs } = decayedTo({
    counters: seen(8, 0.5),
    nowMs: LIMITS.feedbackHalfLifeMs,
  })
  expect([samples, seenGood, atMs]).toEqual([4, 2, LIMITS.feedbackHalfLifeMs])
  expect(decayOver(-1)).toBe(1)
})

test('nothing is said while too little is known', () => {
  expect(siteAdjustment({ own: undefined, others: [] })).toEqual({ logOdds: 0, sd: 0, samples: 0 })
  expect(siteAdjustment({ own: seen(9, 0), others: [] })).toEqual({ logOdds: 0, sd: 0, samples: 9 })
  expect(siteAdjustment({ own: seen(10, 0), others: [] }).logOdds).toBeLessThan(-0.5)
})

test('the more calls fail the further down, and never below -1; a model can gain less than it can lose', () => {
  const at = (calls: number, share: number) => siteAdjustment({ own: seen(calls, share), others: [] }).logOdds
  expect(at(20, 0.8)).toBeLessThan(0)
  expect(at(20, 0.6)).toBeLessThan(at(20, 0.8))
  expect(at(10_000, 0)).toBe(-1)
  expect(at(20, 1)).toBeGreaterThan(0)
  expect(at(10_000, 1)).toBe(0.5)
})

test('a site at which every model fails moves none of them, one at which only this one fails moves it', () => {
  const failing = seen(100, 0.3)
  const alone = siteAdjustment({ own: failing, others: [] }).logOdds
  const together = siteAdjustment({ own: failing, others: [seen(100, 0.3), seen(100, 0.3)] }).logOdds
  expect(alone).toBe(-1)
  expect(Math.abs(together)).toBeLessThan(0.35)
  expect(siteAdjustment({ own: failing, others: [seen(100, 0.95)] }).logOdds).toBe(-1)
})

test('the uncertainty falls as calls add up', () => {
  const at = (calls: number) => siteAdjustment({ own: seen(calls, 0.7), others: [] }).sd
  expect(at(2_000)).toBeLessThan(at(200))
  expect(at(20_000)).toBeLessThan(0.03)
})

test('whoever only talks is not heard: words count for no more than what was seen', () => {
  const talker = counters({ samples: 20, seenGood: 5, toldBad: 1_000 })
  const bounded = counters({ samples: 20, seenGood: 5, toldBad: 5 })
  const [one, other] = [talker, bounded].map((own) => siteAdjustment({ own, others: [] }).logOdds)
  expect(one).toBeCloseTo(other ?? 0, 9)
  expect(siteAdjustment({ own: counters({ samples: 20, toldBad: 1_000 }), others: [] }).logOdds).toBeCloseTo(
    0,
    9,
  )
})

test('many payers move a site of somebody new by a quarter at most; few move nothing, and own experience comes first', () => {
  const of = (payers: number, share: number, own?: Counters) =>
    siteAdjustment({ own, others: [], shared: { payers, share } }).logOdds
  expect(of(19, 0)).toBe(0)
  expect(of(20, 0)).toBe(-0.25)
  expect(of(1_000, 1)).toBe(0.25)
  expect(of(1_000, 0, seen(50, 1))).toBeGreaterThan(0)
})

const estimateOf = (quality: number) => ({
  quality,
  sd: 0.05,
  gate: 1,
  terms: { prior: Math.log(quality / (1 - quality)), prompt: 0 },
})
const moved = (quality: number, adjustment: SiteAdjustment) =>
  adjustQuality({ estimate: estimateOf(quality), adjustment })

test('an estimate moves by the log-odds, says so, stays between 0 and 1, and is not made surer', () => {
  const down = moved(0.8, { logOdds: -1, sd: 0.1, samples: 60 })
  expect(down.quality).toBeCloseTo(0.5954, 3)
  expect(down.sd).toBeGreaterThan(0.05)
  expect([down.terms.site, down.samples]).toEqual([-1, 60])
  expect(shareOf(down.terms.prior + down.terms.prompt + (down.terms.site ?? 0))).toBeCloseTo(down.quality, 9)
  expect(moved(0.9999999, { logOdds: 0.5, sd: 0, samples: 60 }).quality).toBeLessThan(1)
})

test('where nothing is known of a site an estimate is as before; calls that say nothing yet are counted all the same', () => {
  expect(moved(0.8, NO_ADJUSTMENT)).toEqual(estimateOf(0.8))
  expect(moved(0.8, { ...NO_ADJUSTMENT, samples: 4 })).toEqual({ ...estimateOf(0.8), samples: 4 })
})
