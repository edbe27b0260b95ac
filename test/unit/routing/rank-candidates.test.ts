import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { SORTS, STRATEGY_NAMES } from '../../../src/chat/routing/overrides.ts'
import { endpointTable } from '../../../src/routing/table/endpoint-table.ts'
import { explainDecision } from '../../../src/routing/explanation.ts'
import { cautiousQuality, scoreOf, termsOf } from '../../../src/routing/ranking/score.ts'
import { planRoute } from '../../../src/routing/plan-route.ts'
import type { QualityView } from '../../../src/routing/quality/quality-view.ts'
import { strategyOf } from '../../../src/routing/overrides/strategies.ts'
import { healthOf, PLAIN_NEEDS, qualityOf, shelfOf } from './shelf.ts'

const EXPECTED = { inputTokens: 100, outputTokens: 300 }

const seller = fc.record({
  picoUsd: fc.integer({ min: 1, max: 20 }),
  isDown: fc.boolean(),
  isReachable: fc.constantFrom(true, true, true, false),
  firstTokenMs: fc.integer({ min: 0, max: 3 }),
  tokensPerSecond: fc.constantFrom(50, 100),
  availability: fc.constantFrom(0.5, 1),
  cachedTokens: fc.constantFrom(0, 0, 60, 1_000),
  isQuoted: fc.constantFrom(false, false, false, false, false, true),
})
const world = fc.record({
  models: fc.array(
    fc.record({
      // Few values, so that many are equal.
      prior: fc.constantFrom(0.4, 1, 1.1, 1.15, 2),
      prompt: fc.constantFrom(0, 0.5),
      sd: fc.constantFrom(0, 0.05),
      tools: fc.constantFrom(true, true, false),
      sellers: fc.array(seller, { minLength: 1, maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 8 },
  ),
  isTiered: fc.boolean(),
  needsTools: fc.boolean(),
  // Whether the quoted plan is given, and qualities are told all at once.
  isSigned: fc.boolean(),
  isAtOnce: fc.boolean(),
  choice: fc.oneof(
    fc.record({ strategy: fc.constantFrom(...STRATEGY_NAMES) }),
    fc.record({ sort: fc.constantFrom(...SORTS) }),
    fc.record({
      strategy: fc.constantFrom(...STRATEGY_NAMES),
      floor: fc.constantFrom(0, 0.5, 1),
      // So much that no quality can be relied on at all.
      caution: fc.constantFrom(0, 1, 40),
    }),
  ),
  minQuality: fc.constantFrom<(number | undefined)[]>(undefined, 0.7, 0.75),
})
type World = typeof world extends fc.Arbitrary<infer Value> ? Value : never
type Shelf = ReturnType<typeof shelfOf>

function catalogOf({ models, isTiered }: World): Shelf {
  const tiers = [{ aboveInputTokens: 50, ...pricesOf(7_000n) }]
  return shelfOf(
    models.map(({ sellers, tools }, index) => ({
      id: `acme/m${index}`,
      facts: { tools },
      sellers: Object.fromEntries(
        sellers.map(({ picoUsd }, place) => [`m${index}s${place}`, picoUsd * 1_000]),
      ),
      ...(isTiered && index % 3 === 0 ? { endpoint: { prices: { ...pricesOf(2_000n), tiers } } } : {}),
    })),
  )
}

const pricesOf = (picoUsd: bigint) => ({
  inputPicoUsd: picoUsd,
  cacheReadPicoUsd: picoUsd / 10n,
  cacheWritePicoUsd: picoUsd,
  outputPicoUsd: picoUsd,
})

const strategyIn = ({ choice }: World) => strategyOf({ overrides: choice, isNamed: false })

/** Every endpoint of the table with what the world says of it and of its model. */
function known({ models }: World, catalog: Shelf) {
  return endpointTable(catalog).rows.flatMap((row) => {
    const [index, place] = row.endpointId.match(/\d+/g)?.map(Number) ?? []
    const model = models[index ?? -1]
    const one = model?.sellers[place ?? -1]
    return model && one ? [{ row, model, one }] : []
  })
}

/** The plan that was quoted: kept where one of it is well, of those that can still be reached. */
function quotedIn(one: World, catalog: Shelf) {
  const quoted = known(one, catalog).filter(({ one: { isQuoted } }) => one.isSigned && isQuoted)
  const reachable = quoted.filter(({ one: { isReachable } }) => isReachable)
  const isAwake = reachable.some(({ one: { isDown } }) => !isDown)
  return { quoted: quoted.map(({ row }) => row), kept: isAwake ? reachable.map(({ row }) => row) : [] }
}

/** The same choice made the long way: everything is looked at of everybody, one after the other. */
function ranked(world: World, catalog: Shelf) {
  const { needsTools, minQuality = 0 } = world
  const strategy = strategyIn(world)
  const { kept } = quotedIn(world, catalog)
  const fitting = known(world, catalog).filter(
    ({ model, one }) => one.isReachable && (!needsTools || model.tools),
  )
  const all = fitting.map(({ row, model, one }) => {
    const { quality, sd } = qualityOf({ [row.model.id]: model }).of({ model: row.model })
    const tier = row.endpoint.prices?.tiers?.[0] ?? row.endpoint.prices
    const [input, read] = [Number(tier?.inputPicoUsd), Number(tier?.cacheReadPicoUsd)]
    const cached = Math.min(one.cachedTokens, EXPECTED.inputTokens)
    const [startMs, writingMs] = [
      one.firstTokenMs * 100,
      (EXPECTED.outputTokens / one.tokensPerSecond) * 1_000,
    ]
    const inputs = {
      quality,
      sd,
      costPicoUsd: input * (EXPECTED.inputTokens + EXPECTED.outputTokens),
      latencyMs: { answer: startMs + writingMs, 'first-token': startMs, throughput: writingMs }[
        strategy.latency
      ],
      availability: one.availability,
      cachedPicoUsd: cached * (input - read),
    }
    return {
      row,
      inputs,
      prior: model.prior,
      isAwake: !one.isDown || kept.includes(row),
      isGood: quality >= minQuality,
      reliable: cautiousQuality(quality, sd, strategy.caution),
    }
  })
  const good = all.filter(({ isAwake, isGood }) => isAwake && isGood)
  const most = Math.max(...good.map(({ reliable }) => reliable))
  const near = all.filter(
    ({ row, isAwake, isGood, reliable }) =>
      kept.includes(row) || (isAwake && isGood && reliable >= Math.min(most, strategy.floor * most)),
  )
  const [best] = near.toSorted(
    (a, b) =>
      b.reliable - a.reliable || a.inputs.costPicoUsd - b.inputs.costPicoUsd || a.row.place - b.row.place,
  )
  if (!best) return undefined
  const places = new Map(kept.map((row, index) => [row, index - kept.length]))
  const candidates = near
    .map(({ row, inputs, prior }) => {
      const score = scoreOf(termsOf({ inputs, reference: best.inputs, strategy }))
      return { id: row.endpointId, row, inputs, score, prior, given: places.get(row) ?? 0 }
    })
    .toSorted((a, b) => a.given - b.given || b.score - a.score || a.row.place - b.row.place)
  const quality = candidates[0]?.inputs.quality ?? 0
  const asGood = all.find(({ prior }) => prior >= Math.log(quality / (1 - quality)) - 1e-7)
  return {
    candidates,
    best: best.row.endpointId,
    dearest: all.at(-1)?.row.endpointId,
    fixed: (asGood ?? candidates[0])?.row.endpointId,
  }
}

/** The view, with its estimates told all at once as well. */
const atOnce = (view: QualityView): QualityView => ({
  ...view,
  ofAll({ models, into }) {
    for (const [index, model] of models.entries()) {
      const { quality, sd, terms } = view.of({ model })
      into.quality[index] = quality
      into.sd[index] = sd
      into.prior[index] = terms.prior
    }
  },
})

function chosen(one: World, catalog: Shelf) {
  const { models, choice, minQuality, needsTools } = one
  const all = known(one, catalog)
  const health = all.map(({ row, one: { isDown, firstTokenMs, tokensPerSecond, availability } }) => [
    row.endpointId,
    {
      firstTokenMs: firstTokenMs * 100,
      tokensPerSecond,
      availability,
      circuit: isDown ? ('open' as const) : ('closed' as const),
    },
  ])
  const reachable = new Set(
    all.flatMap(({ row, one: { isReachable } }) => (isReachable ? [row.providerId] : [])),
  )
  const cached = new Map(all.map(({ row, one: { cachedTokens } }) => [row.endpointId, cachedTokens]))
  const view = qualityOf(Object.fromEntries(models.map((model, index) => [`acme/m${index}`, model])))
  return planRoute({
    wanted: 'auto',
    needs: { ...PLAIN_NEEDS, tools: needsTools },
    catalog,
    expected: EXPECTED,
    isReachable: (id) => reachable.has(id),
    health: healthOf(Object.fromEntries(health)),
    quality: one.isAtOnce ? atOnce(view) : view,
    quotedPlaces: quotedIn(one, catalog).quoted.map(({ place }) => place),
    sessionKey: 'a conversation',
    cachedTokensAt: ({ endpointId }) => cached.get(endpointId) ?? 0,
    preferences: { ...choice, ...(minQuality === undefined ? {} : { minQuality }) },
    nowMs: 0,
  })
}

test('looking at a few is the same choice as looking at all: order, scores, baselines, and who is counted as what', () => {
  fc.assert(
    fc.property(world, (one) => {
      const catalog = catalogOf(one)
      const wanted = ranked(one, catalog)
      if (!wanted) {
        expect(() => chosen(one, catalog)).toThrow()
        return
      }
      const { decision } = chosen(one, catalog)
      const { considered, passed, ranked: found, best, baselines } = decision
      expect(found.slice(0, 12).map(({ row, score, inputs }) => [row.endpointId, score, inputs])).toEqual(
        wanted.candidates.slice(0, 12).map(({ id, score, inputs }) => [id, score, inputs]),
      )
      expect([best.row.endpointId, baselines.baseline.id, baselines.fixed.id]).toEqual([
        wanted.best,
        wanted.dearest,
        wanted.fixed,
      ])
      const kept = decision.filters().reduce((sum, { count }) => sum + count, 0)
      expect([passed, passed + kept]).toEqual([wanted.candidates.length, considered])
    }),
    { numRuns: 700 },
  )
})

test('the terms of every candidate add up to its score, to the last bit', () => {
  fc.assert(
    fc.property(world, (one) => {
      const catalog = catalogOf(one)
      if (!ranked(one, catalog)) return
      const { decision } = chosen(one, catalog)
      for (const [index, { terms, score }] of explainDecision(decision).entries())
        expect([scoreOf(terms), score]).toEqual([score, decision.ranked[index]?.score])
    }),
    { numRuns: 200 },
  )
})

test('what is told of a decision is its own, whatever is decided after it', () => {
  fc.assert(
    fc.property(world, world, (one, other) => {
      const catalog = catalogOf(one)
      if (!ranked(one, catalog)) return
      const [first, again] = [chosen(one, catalog), chosen(one, catalog)]
      const told = JSON.stringify([again.decision, again.decision.filters()], asText)
      // The same catalogue under another strategy, other qualities and other failures.
      const models = one.models.map((model, index) => ({
        ...model,
        ...other.models[index],
        sellers: model.sellers,
      }))
      try {
        chosen({ ...other, models }, catalog)
      } catch {
        // Nobody fits: that is a decision too.
      }
      expect(JSON.stringify([first.decision, first.decision.filters()], asText)).toBe(told)
    }),
    { numRuns: 200 },
  )
})

const asText = (_name: string, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)
