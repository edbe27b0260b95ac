import { expect, test } from 'vitest'
import { shareOfSeed } from '../../../src/routing/feedback/explore.ts'
import { planRoute } from '../../../src/routing/plan-route.ts'
import type { RouteQuery } from '../../../src/routing/route-query.ts'
import { PLAIN_NEEDS, qualityOf, type Shelved, shelfOf } from './shelf.ts'

const near = { 'acme/best': { prior: 1.5, sd: 0.05 }, 'acme/next': { prior: 1.45, sd: 0.08 } }
/** A seed by which a call explores. */
const seed = Array.from({ length: 1_000 }, (_, index) => `seed-${index}`).find(
  (one) => shareOfSeed(`explore ${one}`) < 0.01,
)

const shelf = (next: Partial<Shelved> = {}) =>
  shelfOf([
    { id: 'acme/best', sellers: { one: 1_000, two: 1_100 } },
    { id: 'acme/next', sellers: { three: 1_000 }, ...next },
  ])

const plan = ({ catalog = shelf(), ...over }: Partial<RouteQuery> = {}) =>
  planRoute({
    wanted: 'auto',
    needs: PLAIN_NEEDS,
    catalog,
    isReachable: () => true,
    quality: qualityOf(near),
    ...(seed === undefined ? {} : { explorationSeed: seed }),
    ...over,
  })

test('a call that is to learn goes to another model first, says so, and the best-scored one steps in', () => {
  const usual = planRoute({
    wanted: 'auto',
    needs: PLAIN_NEEDS,
    catalog: shelf(),
    isReachable: () => true,
    quality: qualityOf(near),
  })
  expect([usual.model.id, usual.decision.insteadOf]).toEqual(['acme/best', undefined])
  const trial = plan()
  expect([trial.model.id, trial.decision.insteadOf]).toEqual(['acme/next', 'acme/best'])
  expect(trial.reason).toContain('acme/next is tried in the place of acme/best')
  expect(trial.candidates.map(({ modelId }) => modelId)).toContain('acme/best')
  expect(trial.decision.ranked[0]?.row.model.id).toBe('acme/next')
})

const known = (samples: number) =>
  new Map(Object.keys(near).map((id) => [id, { logOdds: 0, sd: 0, samples }]))

test.each<[string, Partial<RouteQuery>]>([
  ['is dearer where an input is long', { catalog: shelf({ endpoint: tiered() }) }],
  ['is known well enough at this place', { site: known(40) }],
  ['would be tried where the caller wants one endpoint alone', { preferences: { allowFallbacks: false } }],
  ['would stand before an order of the caller', { preferences: { providerOrder: ['one', 'three'] } }],
  ['would be tried at a price that was signed', { isWithinCap: () => true }],
  ['would be tried for speed', { preferences: { strategy: 'latency' } }],
  ['was not drawn', { explorationSeed: 'seed-0' }],
])('nobody is tried who %s', (_why, over) => {
  const { model, decision } = plan(over)
  expect([model.id, decision.insteadOf]).toEqual(['acme/best', undefined])
})

test('a plan that was quoted stays as it was', () => {
  const [first] = plan().decision.ranked.slice(1)
  if (!first) throw new Error('There is a second one.')
  const kept = plan({ quotedPlaces: [first.row.place] })
  expect([kept.model.id, kept.decision.insteadOf]).toEqual([first.row.model.id, undefined])
})

function tiered() {
  const cheap = {
    inputPicoUsd: 1_000n,
    cacheReadPicoUsd: 100n,
    cacheWritePicoUsd: 1_000n,
    outputPicoUsd: 1_000n,
  }
  return { prices: { ...cheap, tiers: [{ ...cheap, aboveInputTokens: 50_000, inputPicoUsd: 9_000n }] } }
}
