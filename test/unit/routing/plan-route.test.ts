import { expect, test } from 'vitest'
import { buildCatalog } from '../../../src/catalog/build-catalog.ts'
import { ENDPOINTS, MODELS } from '../../../src/catalog/models.ts'
import { simulateCatalog } from '../../../src/catalog/simulated.ts'
import { TurnpikeError } from '../../../src/lib/errors/turnpike-error.ts'
import { planRoute } from '../../../src/routing/plan-route.ts'

const catalog = buildCatalog(simulateCatalog({ models: MODELS, endpoints: ENDPOINTS }))
const plan = (wanted: string, needs = { inputBoundTokens: 100 }, isReachable = (_id: string) => true) =>
  planRoute({ wanted, needs, catalog, isReachable })

const codeOf = (run: () => unknown) => {
  try {
    run()
  } catch (error) {
    return error instanceof TurnpikeError ? error.code : error
  }
  return undefined
}

test('a model is served by name', () => {
  const route = plan('openai/gpt-4o-mini')
  expect(route.model.id).toBe('openai/gpt-4o-mini')
  expect(route.candidates[0].providerId).toBe('simulated')
})

test('auto takes the cheapest model with a price that fits', () => {
  expect(plan('auto').model.id).toBe('openai/gpt-5-nano')
  expect(plan('auto:cost').strategy).toBe('cost')
  expect(plan('auto', { inputBoundTokens: 900_000 }).model.id).toBe('openai/gpt-4.1-nano')
})

test('what cannot be served is refused by its own code', () => {
  expect(codeOf(() => plan('openai/gpt-99'))).toBe('unknown_model')
  expect(codeOf(() => plan('openai/gpt-4o-mini', undefined, () => false))).toBe('model_not_configured')
  expect(codeOf(() => plan('auto', { inputBoundTokens: 10_000_000 }))).toBe('model_not_configured')
  const [endpoint] = ENDPOINTS
  const { prices: _none, ...unpriced } = endpoint as NonNullable<typeof endpoint>
  const bare = buildCatalog({ models: MODELS, endpoints: [unpriced] })
  const wanted = unpriced.modelId
  const refused = () =>
    planRoute({ wanted, needs: { inputBoundTokens: 1 }, catalog: bare, isReachable: () => true })
  expect(codeOf(refused)).toBe('unpriced_model')
})

test('a name without its vendor is answered with the whole name', () => {
  expect(() => plan('gpt-4o-mini')).toThrow('Did you mean "openai/gpt-4o-mini"?')
})

test('the price book is named after the prices alone', () => {
  const again = buildCatalog(simulateCatalog({ models: MODELS, endpoints: ENDPOINTS.toReversed() }))
  expect(again.priceBook).toBe(catalog.priceBook)
  const dearer = ENDPOINTS.map((one) =>
    one.prices ? { ...one, prices: { ...one.prices, outputPicoUsd: 1n } } : one,
  )
  expect(buildCatalog({ models: MODELS, endpoints: dearer }).priceBook).not.toBe(catalog.priceBook)
})
