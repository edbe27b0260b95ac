import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RoutingOverrides } from '../../../src/chat/routing/overrides.ts'
import { readChatRequest } from '../../../src/chat/read-chat-request.ts'
import { TurnpikeError } from '../../../src/lib/errors/turnpike-error.ts'
import { errorSpec } from '../../../src/lib/errors/registry.ts'
import { checkOverrides } from '../../../src/routing/overrides/check-overrides.ts'
import { mergeOverrides } from '../../../src/routing/overrides/merge-overrides.ts'
import { planRoute } from '../../../src/routing/plan-route.ts'
import type { RouteQuery } from '../../../src/routing/route-query.ts'
import { boundedEstimate, MOST_PROMPT_TERM, shareOf } from '../../../src/routing/quality/quality-view.ts'
import { healthOf, qualityOf, shelfOf } from './shelf.ts'

const catalog = shelfOf([
  { id: 'acme/large', sellers: { one: 9_000, two: 9_500 } },
  { id: 'acme/small', sellers: { one: 100, two: 110 } },
])

const plan = (overrides: RoutingOverrides = {}, query: Partial<RouteQuery> = {}) =>
  planRoute({
    wanted: 'auto',
    needs: { inputBoundTokens: 100 },
    catalog,
    isReachable: () => true,
    preferences: mergeOverrides([overrides]),
    ...query,
  })

function refusal(run: () => unknown): TurnpikeError {
  try {
    run()
  } catch (error) {
    if (error instanceof TurnpikeError) return error
    throw error
  }
  throw new Error('Nothing was refused.')
}

const read = (fields: object) =>
  readChatRequest({
    body: Buffer.from(
      JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'hi' }], ...fields }),
    ),
  })

test.each([
  [{ provider: { only: ['one'], ignore: ['one'] } }, 'provider.only and provider.ignore'],
  [{ provider: { order: ['one'], ignore: ['ONE'] } }, 'provider.order and provider.ignore'],
  [{ provider: { order: ['one', 'two'], only: ['one'] } }, 'provider.order and provider.only'],
  [{ provider: { zdr: true, data_collection: 'allow' } }, 'provider.zdr and provider.data_collection'],
  [{ models: ['a/b'], provider: { allow_fallbacks: false } }, 'models and provider.allow_fallbacks'],
  [
    { plugins: [{ id: 'auto-router', allowed_models: ['a/b'], excluded_models: ['a/b'] }] },
    'plugins[0].allowed_models and plugins[0].excluded_models',
  ],
])('overrides that contradict each other are refused, naming both: %j', (fields, both) => {
  const error = refusal(() => read(fields))
  expect(error.code).toBe('contradicting_options')
  expect(error.message).toContain(both)
})

test.each([
  [{ provider: { sort: 'cheap' } }, 'provider.sort'],
  [{ provider: { max_price: { prompt: -1 } } }, 'provider.max_price.prompt'],
  [{ provider: { only: [] } }, 'provider.only'],
  [{ provider: { colour: 'red' } }, 'provider.colour'],
  [{ plugins: [{ id: 'web' }] }, 'plugins[0].id'],
  [{ plugins: [{ id: 'auto-router', min_quality: 1.1 }] }, 'plugins[0].min_quality'],
  [{ plugins: [{ id: 'auto-router', weights: { quality: 101 } }] }, 'plugins[0].weights.quality'],
  [
    { plugins: [{ id: 'auto-router', weights: { quality: 0, cost: 0, latency: 0, availability: 0 } }] },
    'plugins[0].weights',
  ],
  [{ models: Array.from({ length: 65 }, () => 'a/b') }, 'models'],
])('what an override cannot be is refused at its place: %j', (fields, at) => {
  expect(refusal(() => read(fields)).details.param).toBe(at)
})

test.each([
  [{ models: ['acme/small', 'acme/lagre', 'nobody/at-all'] }, 'models', 'unknown_model', 'acme/large'],
  [{ allowedModels: ['acme/*', 'small'] }, 'plugins[0].allowed_models', 'unknown_model', 'acme/small'],
  [{ excludedModels: ['acne/small'] }, 'plugins[0].excluded_models', 'unknown_model', 'acme/small'],
  [{ baseline: 'acme/*' }, 'plugins[0].baseline', 'unknown_model', undefined],
  [{ providerOnly: ['onee'] }, 'provider.only', 'invalid_field', 'one'],
])('a name in a list that is nobody’s is named, with the nearest: %j', (overrides, at, code, near) => {
  const error = refusal(() => checkOverrides({ overrides, wanted: 'auto', catalog }))
  expect([error.code, error.details.param]).toEqual([code, at])
  if (near) expect(error.message).toContain(`Did you mean "${near}"?`)
  if (at === 'models') expect(error.message).toContain('Also unknown: "nobody/at-all"')
})

test('a floor that no model meets is refused with the best that there is', () => {
  const quality = qualityOf({ 'acme/large': { prior: 2 }, 'acme/small': { prior: 1 } })
  const error = refusal(() => plan({ minQuality: 0.95 }, { quality }))
  expect([error.code, errorSpec(error.code).status]).toEqual(['quality_floor_unmet', 400])
  expect(error.message).toContain('acme/large at 0.8808')
  expect(error.details.extra).toEqual({ best: { model: 'acme/large', quality: 0.8808 } })
  expect(plan({ minQuality: 0.88 }, { quality }).model.id).toBe('acme/large')
})

test('an empty pool tells every filter and how many it kept out', () => {
  const error = refusal(() => plan({ allowedModels: ['acme/large'], providerIgnore: ['one', 'two'] }))
  expect([error.code, errorSpec(error.code).status]).toEqual(['no_candidates', 400])
  expect(error.details.extra?.['filters']).toEqual([
    { code: 'model_not_allowed', count: 2, endpoints: ['one/acme/small@local', 'two/acme/small@local'] },
    { code: 'provider_ignored', count: 2, endpoints: ['one/acme/large@local', 'two/acme/large@local'] },
  ])
  expect(refusal(() => plan({}, { catalog: shelfOf([]) })).code).toBe('model_not_configured')
})

test('where everybody is down the answer is 503 with the time of the first who may be asked', () => {
  const nowMs = 1_000_000
  const down = Object.fromEntries(
    catalog.endpoints.map(({ id }, index) => [
      id,
      // One of them is well but has asked to be left alone for a while.
      { circuit: index === 0 ? 'closed' : 'open', retryAtMs: nowMs + 7_000 + index * 1_000 } as const,
    ]),
  )
  for (const wanted of ['auto', 'acme/large']) {
    const error = refusal(() => plan({}, { wanted, nowMs, health: healthOf(down) }))
    expect([error.code, errorSpec(error.code).status]).toEqual(['all_endpoints_down', 503])
    expect(error.details.retryAfterMs).toBeGreaterThanOrEqual(7_000)
    expect(error.details.retryAfterMs).toBeLessThanOrEqual(8_000)
  }
  const { 'one/acme/large@local': _well, ...others } = down
  expect(plan({}, { nowMs, health: healthOf(others) }).candidates.map(({ id }) => id)).toEqual([
    'one/acme/large@local',
  ])
})

test('a prompt that is made to steer moves an estimate by no more than its bound', () => {
  const model = () =>
    fc.record({
      prior: fc.double({ min: -3, max: 3, noNaN: true }),
      prompt: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    })
  fc.assert(
    fc.property(model(), ({ prior, prompt }) => {
      const { quality, terms } = boundedEstimate({
        quality: shareOf(prior + prompt),
        sd: 0.1,
        gate: 1,
        terms: { prior, prompt },
      })
      expect(Math.abs(terms.prompt)).toBeLessThanOrEqual(MOST_PROMPT_TERM)
      expect(quality).toBeLessThanOrEqual(shareOf(prior + MOST_PROMPT_TERM) + 1e-12)
      expect(quality).toBeGreaterThanOrEqual(shareOf(prior - MOST_PROMPT_TERM) - 1e-12)
    }),
  )
  // More than two bounds ahead without the prompt: no prompt makes up for that.
  const steered = qualityOf({
    'acme/large': { prior: 0.5 + 2 * MOST_PROMPT_TERM, prompt: -1e9 },
    'acme/small': { prior: 0.4, prompt: 1e9 },
  })
  const { decision } = plan({ strategy: 'cost' }, { quality: steered })
  expect(decision.best.row.model.id).toBe('acme/large')
  expect(plan({ minQuality: shareOf(0.45 + MOST_PROMPT_TERM) }, { quality: steered }).model.id).toBe(
    'acme/large',
  )
})
