import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { explainDecision } from '../../../src/routing/explanation.ts'
import { planRoute } from '../../../src/routing/plan-route.ts'
import { scoreOf, termsOf } from '../../../src/routing/ranking/score.ts'
import { SORT_STRATEGIES, STRATEGIES } from '../../../src/routing/overrides/strategies.ts'
import { healthOf, qualityOf, shelfOf } from './shelf.ts'

const share = fc.double({ min: 0, max: 1, noNaN: true })
/** Nothing, or as much as there is of it: a thousandth of a pico-USD is no cost. */
const amount = fc.oneof(fc.constant(0), fc.double({ min: 1e-3, max: 1e15, noNaN: true }))
const inputs = fc.record({
  quality: share,
  sd: share,
  costPicoUsd: amount,
  latencyMs: amount,
  availability: share,
  cachedPicoUsd: amount,
})
const reference = fc.record({ costPicoUsd: amount, latencyMs: amount })
const weight = fc.double({ min: 0, max: 100, noNaN: true })
const strategy = fc.record({
  weights: fc.record({ quality: weight, cost: weight, latency: weight, availability: weight }),
  caution: fc.double({ min: 0, max: 10, noNaN: true }),
})

test('the named terms add up to the score, to the last bit', () => {
  fc.assert(
    fc.property(inputs, reference, strategy, (inputs, reference, strategy) => {
      const terms = termsOf({ inputs, reference, strategy })
      const { quality, uncertainty, cost, latency, availability, stickiness } = terms
      const sum = quality + uncertainty + cost + latency + availability + stickiness
      expect(scoreOf(terms)).toBe(sum)
      expect(Number.isFinite(sum)).toBe(true)
    }),
    { numRuns: 2_000 },
  )
})

test('each term goes the way of its name', () => {
  const base = {
    quality: 0.8,
    sd: 0.1,
    costPicoUsd: 1e6,
    latencyMs: 1_000,
    availability: 0.9,
    cachedPicoUsd: 0,
  }
  const scoreWith = (change: Partial<typeof base>) =>
    scoreOf(
      termsOf({
        inputs: { ...base, ...change },
        reference: { costPicoUsd: 1e6, latencyMs: 1_000 },
        strategy: STRATEGIES.balanced,
      }),
    )
  const usual = scoreWith({})
  expect(scoreWith({ quality: 0.81 })).toBeGreaterThan(usual)
  expect(scoreWith({ sd: 0.2 })).toBeLessThan(usual)
  expect(scoreWith({ costPicoUsd: 2e6 })).toBeLessThan(usual)
  expect(scoreWith({ latencyMs: 2_000 })).toBeLessThan(usual)
  expect(scoreWith({ availability: 0.8 })).toBeLessThan(usual)
  // A warm cache is worth what it saves of the cost, and no more.
  const warm = scoreWith({ cachedPicoUsd: 5e5 })
  expect(warm - usual).toBeCloseTo(usual - scoreWith({ costPicoUsd: 1.5e6 }), 12)
})

test('what a decision shows of its candidates is what it was made by', () => {
  const catalog = shelfOf([
    { id: 'a/best', sellers: { one: 9_000, two: 8_000 } },
    { id: 'a/good', sellers: { one: 900, two: 1_200 } },
    { id: 'a/poor', sellers: { one: 90 } },
  ])
  const quality = qualityOf({
    'a/best': { prior: 2.2, sd: 0.02 },
    'a/good': { prior: 2.1, prompt: 0.1, sd: 0.05 },
    'a/poor': { prior: 1.9, sd: 0.1 },
  })
  const health = healthOf({ 'two/a/best@local': { availability: 0.7, firstTokenMs: 90 } })
  for (const name of ['balanced', 'cost', 'latency', 'availability']) {
    const { decision } = planRoute({
      wanted: `auto:${name}`,
      needs: { inputBoundTokens: 1_000 },
      catalog,
      isReachable: () => true,
      quality,
      health,
      cachedTokensAt: ({ endpointId }) => (endpointId === 'one/a/good@local' ? 100 : 0),
      sessionKey: 'a conversation',
    })
    const explained = explainDecision(decision)
    expect(explained.map(({ score }) => score)).toEqual(decision.ranked.map(({ score }) => score))
    expect(explained.map(({ score }) => score)).toEqual(
      explained.map(({ score }) => score).toSorted((a, b) => b - a),
    )
    for (const { endpoint, terms } of explained)
      expect(terms.stickiness > 0).toBe(endpoint === 'one/a/good@local')
  }
})

test('strategies and sorts are records: every one has weights that choose', () => {
  for (const { weights, floor, caution } of [
    ...Object.values(STRATEGIES),
    ...Object.values(SORT_STRATEGIES),
  ]) {
    expect(Object.values(weights).some((one) => one > 0)).toBe(true)
    expect(floor).toBeLessThanOrEqual(1)
    expect(caution).toBeGreaterThanOrEqual(0)
  }
})
