import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { explainRoute } from '../../../src/app/explain-route.ts'
import { catalogOf } from '../../../src/app/options/defaults.ts'
import { choosingBy, readWhatIf, replay, type WhatIf } from '../../../src/app/what-if.ts'
import { explanationFields, storedExplanationFields } from '../../../src/call/plan/explanation-fields.ts'
import { STRATEGY_NAMES, type Weights } from '../../../src/chat/routing/overrides.ts'
import { LIMITS } from '../../../src/lib/limits.ts'
import type { Decision } from '../../../src/routing/decision.ts'
import { storedDecision } from '../../../src/routing/explanation.ts'
import { planRoute } from '../../../src/routing/plan-route.ts'
import { scoreOf, termsOf } from '../../../src/routing/ranking/score.ts'
import { STRATEGIES } from '../../../src/routing/overrides/strategies.ts'
import { healthOf, PLAIN_NEEDS, qualityOf, shelfOf } from '../routing/shelf.ts'

const catalog = catalogOf({ simulated: false })
const explain = (fields: object, other?: WhatIf) =>
  explainRoute({
    body: Buffer.from(
      JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'Say hi' }], ...fields }),
    ),
    path: '/v1/chat/completions',
    catalog,
    marginBps: 500,
    ...(other ? { choose: choosingBy(other) } : {}),
  })
const weighing = (weights: Partial<Weights>): WhatIf => ({ weights })

test('a request is explained without being sent, and replayed under the same weights it comes out the same', async () => {
  const { explanation, plan, reason } = await explain({ model: 'auto:cost' })
  expect(plan[0]).toBe(explanation.candidates[0]?.endpoint)
  expect(reason).toContain('by cost')
  const { candidates } = replay({ explanation, other: weighing({ quality: 1 }) })
  expect(candidates.slice(0, explanation.candidates.length).map(({ endpoint }) => endpoint)).toEqual(
    explanation.candidates.map(({ endpoint }) => endpoint),
  )
  for (const [index, { score }] of explanation.candidates.entries())
    expect(candidates[index]?.score).toBeCloseTo(score, 12)
})

test('other weights put other candidates first, by the stored figures alone', async () => {
  const { explanation } = await explain({})
  const { candidates } = replay({ explanation, other: weighing({ cost: 100 }) })
  const prices = candidates.map(({ inputs }) => inputs.price_usd)
  expect(prices).toEqual(prices.toSorted((a, b) => a - b))
  const nothing = { quality: 0, cost: 0, latency: 0, availability: 0 }
  expect(replay({ explanation, other: weighing(nothing) }).candidates[0]?.score).toBeCloseTo(0)
})

test('a what-if is a strategy or weights, and nothing else', () => {
  expect(readWhatIf('latency')).toEqual({ strategy: 'latency' })
  expect(readWhatIf('{"cost":0.5}')).toEqual({ weights: { cost: 0.5 } })
  for (const text of ['fastest', '{}', '{"speed":1}', '{"cost":"much"}', '{"cost":-1}', '[1]', 'null'])
    expect(readWhatIf(text)).toBeUndefined()
})

test('a request is chosen for anew, over everybody and with the floor of the other way', async () => {
  for (const strategy of STRATEGY_NAMES) {
    const asked = await explain({ model: `auto:${strategy}` })
    const changed = await explain(
      { model: 'auto:latency', plugins: [{ id: 'auto-router', floor: 0.99, weights: { quality: 3 } }] },
      { strategy },
    )
    expect(changed).toEqual(asked)
  }
  const weights = { cost: 3 }
  const asked = await explain({ plugins: [{ id: 'auto-router', weights }] })
  expect(await explain({}, { weights })).toEqual(asked)
})

/** A choice by `strategy` among models of the same shelf; every number of them is drawn. */
const drawn = fc.record({
  prior: fc.double({ min: -1, max: 3, noNaN: true }),
  sd: fc.double({ min: 0, max: 0.2, noNaN: true }),
  sellers: fc.array(
    fc.record({
      picoUsd: fc.integer({ min: 1_000, max: 90_000 }),
      firstTokenMs: fc.integer({ min: 100, max: 4_000 }),
      availability: fc.double({ min: 0.5, max: 1, noNaN: true }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
})
type Drawn = typeof drawn extends fc.Arbitrary<infer Value> ? Value : never

function choose(
  models: readonly Drawn[],
  strategy: Parameters<typeof planRoute>[0]['preferences'],
): Decision {
  const named = models.map((model, index) => ({ ...model, id: `acme/m${index}` }))
  return planRoute({
    wanted: 'auto',
    needs: PLAIN_NEEDS,
    catalog: shelfOf(
      named.map(({ id, sellers }) => ({
        id,
        sellers: Object.fromEntries(sellers.map(({ picoUsd }, place) => [`seller${place}`, picoUsd])),
      })),
    ),
    isReachable: () => true,
    preferences: strategy ?? {},
    quality: qualityOf(Object.fromEntries(named.map((model) => [model.id, model]))),
    health: healthOf(
      Object.fromEntries(
        named.flatMap(({ id, sellers }) =>
          sellers.map(({ firstTokenMs, availability }, place) => [
            `seller${place}/${id}@local`,
            { firstTokenMs, availability },
          ]),
        ),
      ),
    ),
  }).decision
}

const weight = fc.double({ min: 0, max: 3, noNaN: true })
const others: fc.Arbitrary<WhatIf> = fc.oneof(
  fc.record({
    weights: fc.record({ quality: weight, cost: weight, latency: weight, availability: weight }),
  }),
  fc.record({ strategy: fc.constantFrom(...STRATEGY_NAMES) }),
)

/** The best score that anybody who passed has under the other weights, looked for the long way. */
function bestOf({ compared, passed, strategy, reference }: Decision, other: WhatIf): number {
  expect(compared).toHaveLength(passed)
  const { weights, caution } =
    other.strategy === undefined
      ? { weights: { ...strategy.weights, ...other.weights }, caution: strategy.caution }
      : STRATEGIES[other.strategy]
  const floorOf = other.strategy === undefined ? 0 : STRATEGIES[other.strategy].floor
  const reliableOf = ({ quality, sd }: { quality: number; sd: number }) => quality - caution * sd
  const all = compared.map(({ inputs }) => inputs)
  const most = Math.max(...all.map(reliableOf))
  const least = floorOf > strategy.floor ? Math.min(most, floorOf * most) : -Infinity
  return Math.max(
    ...all
      .filter((inputs) => reliableOf(inputs) >= least)
      .map((inputs) => scoreOf(termsOf({ inputs, reference, strategy: { weights, caution } }))),
  )
}

test('whoever has passed may come first under other weights, although only a few of them are kept', () => {
  fc.assert(
    fc.property(
      fc.array(drawn, { minLength: 1, maxLength: 6 }),
      fc.constantFrom(0, 0.5, 0.9, 0.97),
      others,
      (models, floor, other) => {
        const decision = choose(models, { strategy: 'balanced', floor })
        const best = bestOf(decision, other)
        for (const explanation of [
          explanationFields(decision),
          storedExplanationFields(storedDecision({ decision, reason: '' })),
        ]) {
          const { candidates, compared, passed } = replay({ explanation, other })
          expect(candidates[0]?.score).toBeCloseTo(best, 9)
          expect([compared, passed]).toEqual([decision.passed, decision.passed])
        }
      },
    ),
    { numRuns: 400 },
  )
})

/** A fixed draw, so that the figure of docs/ROUTING.md is always the same. */
const pools = fc.sample(fc.array(drawn, { minLength: 20, maxLength: 30 }), { seed: 11, numRuns: 60 })

const NOTHING: Weights = { quality: 0, cost: 0, latency: 0, availability: 0 }
const EXTREMES: readonly Weights[] = [
  { ...NOTHING, quality: 1 },
  { ...NOTHING, cost: 1 },
  { ...NOTHING, latency: 1 },
  { ...NOTHING, availability: 1 },
]
const OTHERS = STRATEGY_NAMES.filter((name) => name !== 'balanced').map((name) => STRATEGIES[name].weights)

test('where very many have passed, it says of how many it has no figures; how often one of those is ahead', () => {
  const missed = { other: 0, extreme: 0 }
  const asked = { other: 0, extreme: 0 }
  for (const models of pools) {
    const preferences = { strategy: 'balanced', floor: 0 } as const
    const decision = choose(models, preferences)
    expect(decision.passed).toBeGreaterThan(LIMITS.comparedCandidates)
    const explanation = explanationFields(decision)
    for (const weights of [...OTHERS, ...EXTREMES]) {
      const { candidates, compared, passed } = replay({ explanation, other: { weights } })
      expect([compared, passed]).toEqual([decision.compared.length, decision.passed])
      const [winner] = choose(models, { ...preferences, weights }).ranked
      const kind = OTHERS.includes(weights) ? 'other' : 'extreme'
      asked[kind] += 1
      if ((winner?.score ?? 0) - (candidates[0]?.score ?? 0) > 1e-9) missed[kind] += 1
    }
  }
  // The figures of docs/ROUTING.md.
  expect(missed).toEqual({ other: 2, extreme: 88 })
  expect(asked).toEqual({ other: 180, extreme: 240 })
})
