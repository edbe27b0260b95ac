import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { STRATEGY_NAMES } from '../../../src/chat/routing/overrides.ts'
import { endpointTable } from '../../../src/routing/endpoint-table.ts'
import { cautiousQuality, scoreOf, termsOf } from '../../../src/routing/score.ts'
import { planRoute } from '../../../src/routing/plan-route.ts'
import { STRATEGIES } from '../../../src/routing/strategies.ts'
import { healthOf, PLAIN_NEEDS, qualityOf, shelfOf } from './shelf.ts'

const EXPECTED = { inputTokens: 100, outputTokens: 300 }

const seller = fc.record({
  picoUsd: fc.integer({ min: 1, max: 20 }),
  isDown: fc.boolean(),
  isReachable: fc.constantFrom(true, true, true, false),
  firstTokenMs: fc.integer({ min: 0, max: 3 }),
})
const world = fc.record({
  models: fc.array(
    fc.record({
      // Few values, so that many are equal.
      prior: fc.constantFrom(0.4, 1, 1.1, 1.15, 2),
      sd: fc.constantFrom(0, 0.05),
      sellers: fc.array(seller, { minLength: 1, maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 8 },
  ),
  strategy: fc.constantFrom(...STRATEGY_NAMES),
  minQuality: fc.constantFrom<(number | undefined)[]>(undefined, 0.7, 0.75),
})
type World = typeof world extends fc.Arbitrary<infer Value> ? Value : never

/** The same choice made the long way: everything is looked at of everybody. */
function ranked({ models, strategy: name, minQuality = 0 }: World, catalog: ReturnType<typeof shelfOf>) {
  const strategy = STRATEGIES[name]
  const awake = endpointTable(catalog).rows.flatMap((row) => {
    const [index, place] = row.endpointId.match(/\d+/g)?.map(Number) ?? []
    const model = models[index ?? -1]
    const one = model?.sellers[place ?? -1]
    if (!model || !one || !one.isReachable || one.isDown) return []
    const estimate = qualityOf({ [row.model.id]: model }).of({ model: row.model })
    if (estimate.quality < minQuality) return []
    const costPicoUsd = one.picoUsd * (EXPECTED.inputTokens + EXPECTED.outputTokens) * 1_000
    const inputs = {
      quality: estimate.quality,
      sd: estimate.sd,
      costPicoUsd,
      latencyMs: one.firstTokenMs * 100 + EXPECTED.outputTokens * 10,
      availability: 1,
      cachedPicoUsd: 0,
    }
    return [{ row, inputs, reliable: cautiousQuality(estimate.quality, estimate.sd, strategy.caution) }]
  })
  const [best] = awake.toSorted(
    (a, b) =>
      b.reliable - a.reliable || a.inputs.costPicoUsd - b.inputs.costPicoUsd || a.row.place - b.row.place,
  )
  if (!best) return []
  return awake
    .filter(({ reliable }) => reliable >= strategy.floor * best.reliable)
    .map(({ row, inputs }) => ({
      id: row.endpointId,
      place: row.place,
      score: scoreOf(termsOf({ inputs, reference: best.inputs, strategy })),
    }))
    .toSorted((a, b) => b.score - a.score || a.place - b.place)
}

function chosen({ models, strategy, minQuality }: World, catalog: ReturnType<typeof shelfOf>) {
  const all = models.flatMap(({ sellers }, index) =>
    sellers.map((one, place) => [`m${index}s${place}`, one] as const),
  )
  const health = Object.fromEntries(
    all.map(([id, { isDown, firstTokenMs }]) => [
      `${id}/acme/${id.slice(0, id.indexOf('s'))}@local`,
      { firstTokenMs: firstTokenMs * 100, circuit: isDown ? ('open' as const) : ('closed' as const) },
    ]),
  )
  const reachable = new Set<string>(all.flatMap(([id, { isReachable }]) => (isReachable ? [id] : [])))
  return planRoute({
    wanted: 'auto',
    needs: PLAIN_NEEDS,
    catalog,
    expected: EXPECTED,
    isReachable: (id) => reachable.has(id),
    health: healthOf(health),
    quality: qualityOf(Object.fromEntries(models.map((model, index) => [`acme/m${index}`, model]))),
    preferences: { strategy, ...(minQuality === undefined ? {} : { minQuality }) },
    nowMs: 0,
  })
}

test('looking at a few is the same choice as looking at all: order, scores, and who is counted as what', () => {
  fc.assert(
    fc.property(world, (one) => {
      const catalog = shelfOf(
        one.models.map(({ sellers }, index) => ({
          id: `acme/m${index}`,
          sellers: Object.fromEntries(
            sellers.map(({ picoUsd }, place) => [`m${index}s${place}`, picoUsd * 1_000]),
          ),
        })),
      )
      const wanted = ranked(one, catalog)
      if (wanted.length === 0) {
        expect(() => chosen(one, catalog)).toThrow()
        return
      }
      const { decision } = chosen(one, catalog)
      const { considered, passed, ranked: found } = decision
      expect(found.slice(0, 12).map(({ row, score }) => [row.endpointId, score])).toEqual(
        wanted.slice(0, 12).map(({ id, score }) => [id, score]),
      )
      const kept = decision.filters().reduce((sum, { count }) => sum + count, 0)
      expect([passed, passed + kept]).toEqual([wanted.length, considered])
    }),
    { numRuns: 1_000 },
  )
})
